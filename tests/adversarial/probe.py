"""Attacks from inside a container of a session: each is tried, and how it ended is told.

Never imported by a test. The text of this file is sent to a container, with one call of `report`
behind it: as a cell of a notebook, so that the attacks stand in the journal, or as a program.
Standard library only, x86-64.
"""

import ctypes
import errno
import json
import os
import signal
import socket
import struct
import subprocess

ATTACKS = {}
LIBC = ctypes.CDLL(None, use_errno=True)
TIMEOUT_S = 3.0


def attack(function):
    """Register an attack under its function's name."""
    ATTACKS[function.__name__] = function
    return function


def call(number, *arguments):
    """Make a system call by number; raises OSError when it is refused."""
    LIBC.syscall.restype = ctypes.c_long
    ctypes.set_errno(0)
    words = [ctypes.c_long(word) if isinstance(word, int) else word for word in arguments]
    result = LIBC.syscall(ctypes.c_long(number), *words)
    if result == -1:
        raise OSError(ctypes.get_errno(), os.strerror(ctypes.get_errno()))
    return result


def lines_of(path):
    with open(path) as file:
        return file.read().splitlines()


def outcome(function, *arguments):
    """`done`, or what the attack answers, or the name of the error that stopped it."""
    try:
        answer = function(*arguments)
        return "done" if answer is None else answer
    except socket.gaierror as error:
        return f"gaierror {error.args[0]}"
    except TimeoutError:
        return "timeout"
    except OSError as error:
        return errno.errorcode.get(error.errno, str(error))


# -- the network ----------------------------------------------------------------------------------


def connect(family, address, kind=socket.SOCK_STREAM):
    with socket.socket(family, kind) as client:
        client.settimeout(TIMEOUT_S)
        client.connect(address)


def make_socket(family, kind, protocol=0):
    socket.socket(family, kind, protocol).close()


def send_datagram(family, address, text=b"?"):
    with socket.socket(family, socket.SOCK_DGRAM) as client:
        client.settimeout(TIMEOUT_S)
        client.connect(address)
        client.send(text)
        client.recv(100)


@attack
def interfaces(_):
    routes = lines_of("/proc/net/route")[1:]
    addresses = sorted(line.split()[-1] for line in lines_of("/proc/net/if_inet6"))
    names = [name for _, name in socket.if_nameindex()]
    listed = [line.split(":")[0].strip() for line in lines_of("/proc/net/dev") if ":" in line]
    return sorted({*names, *listed, *addresses, *os.listdir("/sys/class/net"), *routes})


@attack
def tcp_to_the_internet(_):
    connect(socket.AF_INET, ("198.51.100.7", 443))


@attack
def tcp6_to_the_internet(_):
    connect(socket.AF_INET6, ("2001:db8::7", 443))


@attack
def udp_to_the_internet(_):
    send_datagram(socket.AF_INET, ("198.51.100.7", 53))


@attack
def udp6_to_the_internet(_):
    send_datagram(socket.AF_INET6, ("2001:db8::7", 53))


@attack
def udp_broadcast(_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_BROADCAST, 1)
        client.sendto(b"?", ("255.255.255.255", 9))


@attack
def udp6_multicast(_):
    with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as client:
        client.sendto(b"?", ("ff02::1", 9))


@attack
def name_lookup(_):
    socket.getaddrinfo("example.org", 443)


@attack
def dns_of_the_engine(_):
    send_datagram(socket.AF_INET, ("127.0.0.11", 53), b"\0\1\1\0\0\1\0\0\0\0\0\0\0\0\1\0\1")


@attack
def ping(_):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM, socket.IPPROTO_ICMP) as client:
        client.sendto(b"\x08\0\0\0\0\0\0\0", ("198.51.100.7", 0))


@attack
def raw_icmp(_):
    socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)


@attack
def raw_icmp6(_):
    socket.socket(socket.AF_INET6, socket.SOCK_RAW, 58)


@attack
def families_other_than_four(_):
    """Every other address family: vsock, packet, alg, bluetooth, key, xdp, tipc, can, ..."""
    found = {}
    for family in {*range(64)} - {1, 2, 10, 16}:
        for kind in (1, 2, 3, 5):
            result = outcome(make_socket, family, kind)
            found[result] = [*found.get(result, []), family]
    return sorted(found) if set(found) == {"EPERM"} else found


@attack
def socketpair_other_than_unix(_):
    call(53, 30, 1, 0, (ctypes.c_int * 2)())


@attack
def named_families(_):
    names = {"packet": 17, "vsock": 40, "alg": 38, "bluetooth": 31, "key": 15, "xdp": 44}
    return {name: outcome(make_socket, number, 3) for name, number in names.items()}


@attack
def doors_of_the_host(places):
    """Everything that the host listens on: `places["doors"]` are addresses and ports."""
    return {
        f"{name} {host}": outcome(
            connect, socket.AF_INET6 if ":" in host else socket.AF_INET, (host, port)
        )
        for name, host, port in places["doors"]
    }


@attack
def abstract_sockets_of_others(places):
    """Abstract names that the test or another session listens on."""
    return {
        name: outcome(connect, socket.AF_UNIX, "\0" + name) for name in places["abstract names"]
    }


@attack
def paths_of_the_host(places):
    """Sockets that the host has: Docker's, the Hub's, the gate's, other sessions'."""
    return {path: outcome(connect, socket.AF_UNIX, path) for path in places["socket paths"]}


def netlink(kind, flags, body, protocol=0):
    """Send one netlink request and return the kernel's verdict."""
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, protocol) as link:
        link.settimeout(TIMEOUT_S)
        link.bind((0, 0))
        link.send(struct.pack("=IHHII", 16 + len(body), kind, flags | 5, 1, 0) + body)
        answer = link.recv(4096)
    code = -struct.unpack_from("=i", answer, 16)[0]
    if code:
        raise OSError(code, os.strerror(code))


def attribute(kind, data):
    return struct.pack("=HH", 4 + len(data), kind) + data + b"\0" * (-len(data) % 4)


@attack
def netlink_new_link(_):
    info = attribute(1, b"dummy\0")
    body = struct.pack("=BxHiII", 0, 0, 0, 1, 1) + attribute(3, b"d0\0") + attribute(18, info)
    netlink(16, 0x600, body)


@attack
def netlink_loopback_up_or_down(_):
    netlink(16, 0, struct.pack("=BxHiII", 0, 0, 1, 0, 1))


@attack
def netlink_new_address(_):
    address = socket.inet_aton("198.51.100.1")
    body = struct.pack("=BBBBI", 2, 24, 0, 0, 1) + attribute(2, address) + attribute(1, address)
    netlink(20, 0x600, body)


@attack
def netlink_new_route(_):
    body = struct.pack("=BBBBBBBBI", 2, 0, 0, 0, 254, 3, 0, 1, 0) + attribute(
        4, struct.pack("=I", 1)
    )
    netlink(24, 0x600, body)


@attack
def netlink_other_than_routes(_):
    """Kernel events, audit, firewall, crypto, generic families: netlink beyond the routes."""
    return {str(number): outcome(make_socket, 16, 3, number) for number in range(1, 23)}


@attack
def ioctl_new_address(_):
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        address = struct.pack("=16sH2s4s8x", b"lo", 2, b"\0\0", socket.inet_aton("198.51.100.1"))
        fcntl.ioctl(client, 0x8916, address)


# -- the kernel's calls ---------------------------------------------------------------------------

NEW_USER, NEW_NET, NEW_NS, NEW_PID = 0x10000000, 0x40000000, 0x00020000, 0x20000000
CALLS = {
    "io_uring_setup": (425, 8, 0),
    "io_uring_enter": (426, -1, 0, 0, 0, 0),
    "io_uring_register": (427, -1, 0, 0, 0),
    "bpf": (321, 0, 0, 0),
    "userfaultfd": (323, 0),
    "add_key": (248, b"user", b"k", b"v", 1, -2),
    "request_key": (249, b"user", b"k", 0, 0),
    "keyctl": (250, 0, 0, 0, 0),
    "perf_event_open": (298, 0, 0, 0, 0, 0),
    "unshare user": (272, NEW_USER),
    "unshare network": (272, NEW_NET),
    "unshare mounts": (272, NEW_NS),
    "clone user": (56, NEW_USER | 17, 0, 0, 0, 0),
    "clone network": (56, NEW_NET | 17, 0, 0, 0, 0),
    "clone pid": (56, NEW_PID | 17, 0, 0, 0, 0),
    "clone3": (435, 0, 0),
    "mount": (165, b"none", b"/tmp", b"tmpfs", 0, 0),
    "remount data": (165, 0, b"/data", 0, 4096 | 32, 0),
    "umount2": (166, b"/data", 2),
    "pivot_root": (155, b"/tmp", b"/tmp"),
    "open_tree": (428, -100, b"/", 1),
    "move_mount": (429, -100, b"/tmp", -100, b"/data", 0),
    "fsopen": (430, b"tmpfs", 0),
    "mount_setattr": (442, -100, b"/data", 0, 0, 0),
    "chroot": (161, b"/tmp"),
    "process_vm_readv": (310, 1, 0, 0, 0, 0, 0),
    "process_vm_writev": (311, 1, 0, 0, 0, 0, 0),
    "pidfd_getfd": (438, 0, 0, 0),
    "kcmp": (312, 1, 1, 0, 0, 0),
    "ptrace attach": (101, 16, 1, 0, 0),
    "ptrace seize": (101, 0x4206, 1, 0, 0),
    "open_by_handle_at": (304, -100, 0, 0),
    "name_to_handle_at": (303, -100, b"/", 0, 0, 0),
    "mknod disk": (133, b"/tmp/disk", 0o60666, 0xFE00),
    "mknod memory": (133, b"/tmp/memory", 0o20666, 0x0101),
    "setuid": (105, 0),
    "setgid": (106, 0),
    "setgroups": (116, 1, (ctypes.c_int * 1)(0)),
    "init_module": (175, 0, 0, 0),
    "finit_module": (313, -1, 0, 0),
    "kexec_load": (246, 0, 0, 0, 0),
    "reboot": (169, 0xFEE1DEAD, 672274793, 0x89ABCDEF, 0),
    "swapon": (167, b"/tmp/x", 0),
    "acct": (163, 0),
    "quotactl": (179, 0, 0, 0, 0),
    "syslog": (103, 3, 0, 0),
    "settimeofday": (164, 0, 0),
    "clock_settime": (227, 0, 0),
    "iopl": (172, 3),
    "ioperm": (173, 0, 1, 1),
    "modify_ldt": (154, 0, 0, 0),
    "sethostname": (170, b"x", 1),
    "fanotify_init": (300, 0, 0),
    "memfd_secret": (447, 0),
    "personality of another system": (135, 0x0200000),
}


@attack
def calls(_):
    """System calls that go round the walls."""

    def made(name, arguments):
        if call(*arguments) == 0 and name.startswith("clone"):
            os._exit(0)  # the child of a clone that should not have been

    return {name: outcome(made, name, arguments) for name, arguments in CALLS.items()}


@attack
def enter_the_network_of_process_1(_):
    handle = os.open("/proc/1/ns/net", os.O_RDONLY)
    try:
        call(308, handle, 0)
    finally:
        os.close(handle)


def ended_by(code):
    """How a child process ends that runs machine code: its signal's name, or `ran`."""
    import mmap

    child = os.fork()
    if child == 0:
        page = mmap.mmap(-1, 4096, prot=7)
        page.write(code)
        start = ctypes.addressof(ctypes.c_char.from_buffer(page))
        answer = ctypes.CFUNCTYPE(ctypes.c_int)(start)()
        os._exit(0 if answer > 0 else 1)
    status = os.waitpid(child, 0)[1]
    if os.WIFSIGNALED(status):
        return signal.Signals(os.WTERMSIG(status)).name
    return "ran" if os.WEXITSTATUS(status) == 0 else "refused"


@attack
def calls_of_32_bits(_):
    """getpid by `int 0x80`: these calls have other numbers, which no filter here knows."""
    return ended_by(b"\x53\xb8\x14\0\0\0\xcd\x80\x5b\xc3")


@attack
def calls_of_x32(_):
    """getpid with the x32 bit."""
    return ended_by(b"\xb8\x27\0\0\x40\x0f\x05\xc3")


def write_into(path, text=b"x", flags=os.O_WRONLY):
    handle = os.open(path, flags)
    try:
        os.write(handle, text)
    finally:
        os.close(handle)


@attack
def switches_of_the_kernel(_):
    """Files in /proc, /sys and /dev by which root would change or read the machine."""
    import glob

    found = {
        "sysrq": outcome(write_into, "/proc/sysrq-trigger", b"h"),
        "core_pattern": outcome(write_into, "/proc/sys/kernel/core_pattern", b"|/tmp/x"),
        "modprobe": outcome(write_into, "/proc/sys/kernel/modprobe", b"/tmp/x"),
        "uid_map": outcome(write_into, "/proc/self/uid_map", b"0 0 1"),
        "oom of process 1": outcome(write_into, "/proc/1/oom_score_adj", b"-1000"),
        "uevent_helper": outcome(write_into, "/sys/kernel/uevent_helper", b"/tmp/x"),
        "kcore": outcome(os.open, "/proc/kcore", os.O_RDONLY),
    }
    for pattern in ("release_agent", "cgroup.procs", "tasks", "memory.limit_in_bytes"):
        for path in glob.glob(f"/sys/fs/cgroup/**/{pattern}", recursive=True):
            found[f"cgroup {path}"] = outcome(write_into, path, b"1")
    for name in ("mem", "kmsg", "kvm", "fuse", "vda", "sda", "loop-control", "loop0", "net/tun"):
        found[f"device {name}"] = outcome(os.open, f"/dev/{name}", os.O_RDONLY)
    return found


# -- files ----------------------------------------------------------------------------------------


def regular_files(folder, most=3):
    found = [os.path.join(base, name) for base, _, names in os.walk(folder) for name in names]
    return sorted(found)[:most]


def against(path, folder, kept):
    """Every way to change `path`, or to carry it to the writable folder `kept`."""
    import mmap

    def map_it():
        with open(path, "rb") as file:
            mmap.mmap(file.fileno(), 0, prot=mmap.PROT_WRITE | mmap.PROT_READ)

    def open_again():
        with open(path, "rb") as file:
            os.open(f"/proc/self/fd/{file.fileno()}", os.O_RDWR)

    attempts = {
        "write": lambda: write_into(path),
        "append": lambda: write_into(path, flags=os.O_WRONLY | os.O_APPEND),
        "truncate": lambda: os.truncate(path, 0),
        "by another way": lambda: write_into("/proc/self/root" + path),
        "open again": open_again,
        "map": map_it,
        "chmod": lambda: os.chmod(path, 0o777),
        "chmod folder": lambda: os.chmod(folder, 0o777),
        "chown": lambda: os.chown(path, os.getuid(), os.getgid()),
        "touch": lambda: os.utime(path, (0, 0)),
        "attribute": lambda: os.setxattr(path, "user.x", b"x"),
        "rename": lambda: os.rename(path, path + "x"),
        "remove": lambda: os.unlink(path),
        "create": lambda: write_into(folder + "/x", flags=os.O_CREAT | os.O_WRONLY),
        "make folder": lambda: os.mkdir(folder + "/x"),
        "link in": lambda: os.symlink("/tmp", folder + "/x"),
        "hard link out": lambda: os.link(path, kept + "/out"),
        "rename out": lambda: os.rename(path, kept + "/out"),
    }
    return {name: outcome(attempt) for name, attempt in attempts.items()}


@attack
def change_the_data(places):
    """Every way to change a dataset's files; nothing to try where there is no data."""
    found = {}
    for path in regular_files("/data"):
        found[path] = against(path, os.path.dirname(path), places["writable"])
    return found


@attack
def change_the_system(places):
    """Every way to change programs and configuration."""
    files = ("/etc/passwd", "/etc/hostname", "/etc/hosts", "/opt/vitrine/venv/bin/python")
    found = {path: against(path, os.path.dirname(path), places["writable"]) for path in files}
    for folder in ("/", "/run", "/run/lock", "/var/tmp"):
        found[folder] = outcome(os.mkdir, folder + "/x")
    return found


@attack
def replace_the_gates_sockets(_):
    found = {}
    for name in os.listdir("/run/gate"):
        path = "/run/gate/" + name
        found["remove"] = outcome(os.unlink, path)
        found["rename"] = outcome(os.rename, path, path + "x")
        found["link"] = outcome(os.symlink, "/tmp/x", path + "x")
        found["chmod"] = outcome(os.chmod, path, 0o777)
    return found


@attack
def writable_places(_):
    """Where this account can make a file, and with which options that place is mounted."""
    found = {}
    for line in lines_of("/proc/self/mountinfo"):
        where, options = line.split()[4:6]
        if os.path.isdir(where):
            name = where.rstrip("/") + "/.canary"
            if outcome(write_into, name, b"x", os.O_CREAT | os.O_WRONLY) == "done":
                os.unlink(name)
                found[where] = sorted({"nosuid", "nodev", "noexec"} & {*options.split(",")})
    return found


@attack
def sockets(_):
    command = ["find", "/", "-type", "s"]
    found = subprocess.run(command, capture_output=True, text=True).stdout
    return sorted(found.split())


@attack
def programs_that_elevate(_):
    command = ["find", "/", "-xdev", "-type", "f", "-perm", "/6000"]
    return subprocess.run(command, capture_output=True, text=True).stdout.split()


# -- what can be read -----------------------------------------------------------------------------


@attack
def identity(_):
    status = dict(line.split(":", 1) for line in lines_of("/proc/self/status") if ":" in line)
    kept = ("Uid", "Gid", "Groups", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")
    more = ("NoNewPrivs", "Seccomp")
    return {name: status[name].split() for name in (*kept, *more)}


@attack
def everything_told(_):
    """What processes, mounts and configuration tell, by path."""
    import glob

    names = ("environ", "cmdline", "mountinfo", "cgroup", "comm")
    paths = [path for name in names for path in glob.glob(f"/proc/[0-9]*/{name}")]
    paths += ["/proc/net/unix", "/proc/mounts", "/etc/hosts", "/etc/resolv.conf", "/etc/hostname"]
    paths += [*glob.glob("/etc/*.conf"), *glob.glob("/run/*/*"), *glob.glob("/run/*")]
    found = {"os.environ": json.dumps(dict(os.environ)), "names": " ".join(paths)}
    for path in paths:
        if os.path.isfile(path):
            try:
                with open(path, "rb") as file:
                    found[path] = file.read(200_000).decode("utf-8", "replace")
            except OSError:
                continue
    return found


@attack
def core_dump(places):
    """Whether a crash leaves memory behind, and whether that can be switched on."""
    import resource

    raised = "done"
    try:
        resource.setrlimit(resource.RLIMIT_CORE, (1 << 30, 1 << 30))
    except (ValueError, OSError):
        raised = "refused"
    child = os.fork()
    if child == 0:
        os.chdir(places["writable"])
        os.kill(os.getpid(), signal.SIGSEGV)
    status = os.waitpid(child, 0)[1]
    left = [name for name in os.listdir(places["writable"]) if name.startswith("core")]
    return {"raised": raised, "dumped": os.WCOREDUMP(status), "left": left}


@attack
def speak_as_process_1(places):
    """Write to the standard output and error of every process, where a log might listen."""
    found, text = {}, places["canary"].encode() + b"\n"
    for process in filter(str.isdigit, os.listdir("/proc")):
        for number in (1, 2):
            path = f"/proc/{process}/fd/{number}"
            found[path] = outcome(write_into, path, text, os.O_WRONLY | os.O_NONBLOCK)
    return sorted({*found.values()})


def report(places, wanted=None):
    """Print how each attack ended, as one line of JSON between two marks."""
    names = wanted or list(ATTACKS)
    found = {name: outcome(ATTACKS[name], places) for name in names}
    print("<<report " + json.dumps(found) + " report>>")
