#!/bin/sh
# Builds vitrine/base, vitrine/kernel and vitrine/lab, each only when its inputs have changed.
#
# Wheels are downloaded on the host with Debian's own Python, checked against the hashes of the
# lock and installed inside the build without a network. Set PYTHON to an interpreter with pip,
# DOCKER to the client, VITRINE_CACHE to the folder that keeps wheels and the base tree.
set -eu
umask 022 # what a build copies must be readable by the session's unprivileged uid

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd)
root=$(dirname -- "$here")
docker=${DOCKER:-docker}
python=${PYTHON:-$root/.venv/bin/python}
cache=${VITRINE_CACHE:-$HOME/.cache/vitrine}
work=$root/var/images
say() { printf '  images: %s\n' "$*"; }
die() { printf 'images: %s\n' "$*" >&2; exit 1; }

# The SHA-256 of names and bytes of everything below the given paths, and of the given words.
digest() {
    { printf '%s\n' "$1"; shift
      find "$@" -type f ! -name '*.pyc' -print | LC_ALL=C sort | while read -r file; do
          printf '%s ' "${file#"$root"/}"; sha256sum <"$file"
      done; } | sha256sum | cut -c1-64
}

label_of() {
    "$docker" image inspect -f '{{index .Config.Labels "vitrine.inputs"}}' "$1" 2>/dev/null || true
}

fetch_wheels() { # lock → the cache has each wheel the lock names
    mkdir -p "$cache/wheels" "$cache/complete"
    mark=$cache/complete/$(sha256sum <"$1" | cut -c1-64)
    [ -e "$mark" ] && return 0
    say "downloading the wheels of ${1#"$root"/}"
    "$python" -m pip download -qqq --only-binary :all: --require-hashes --no-deps \
        -d "$cache/wheels" -r "$1" \
        || die "the wheels of ${1#"$root"/} could not be downloaded; check the package index"
    touch "$mark"
}

bootstrap() { # → the name of an image with Debian 12 in it
    tarball=$cache/bookworm-python3.tar
    if "$docker" image inspect debian:bookworm-slim >/dev/null 2>&1 \
        || timeout 45 "$docker" pull -q debian:bookworm-slim >/dev/null 2>&1; then
        echo debian:bookworm-slim
        return
    fi
    if [ ! -s "$tarball" ]; then
        command -v mmdebstrap >/dev/null \
            || die "no registry answers and mmdebstrap is missing; install it with apt"
        say "no registry answers: bootstrapping Debian 12 (about 25 s)" >&2
        mkdir -p "$cache" # on a new machine nothing has been downloaded yet
        mmdebstrap -q --format=tar --variant=essential --include=python3,libstdc++6 \
            --dpkgopt='path-exclude=/usr/share/doc/*' \
            --dpkgopt='path-include=/usr/share/doc/*/copyright' \
            --dpkgopt='path-exclude=/usr/share/man/*' \
            --dpkgopt='path-exclude=/usr/share/locale/*' \
            bookworm "$tarball.part" >&2 || die "mmdebstrap could not bootstrap Debian 12"
        mv "$tarball.part" "$tarball"
    fi
    "$docker" import "$tarball" vitrine/bootstrap:latest >/dev/null
    echo vitrine/bootstrap:latest
}

build_base() {
    inputs=$(digest base "$here/base/Dockerfile")
    [ "$(label_of vitrine/base)" = "$inputs" ] && return 0
    say "building vitrine/base"
    from=$(bootstrap)
    "$docker" build -q --build-arg BASE_IMAGE="$from" --label vitrine.inputs="$inputs" \
        -t vitrine/base "$here/base" >/dev/null || die "vitrine/base could not be built"
}

copy_code() { # target, then paths below src/vitrine
    target=$1/vitrine; shift
    for path in "$@"; do
        [ -e "$root/src/vitrine/$path" ] || die "src/vitrine/$path is missing"
        mkdir -p "$target/$(dirname -- "$path")"
        cp -R "$root/src/vitrine/$path" "$target/$(dirname -- "$path")/"
    done
    find "$target" -name __pycache__ -type d -prune -exec rm -rf {} +
}

build_session_image() { # name, then paths below src/vitrine that are copied into it
    name=$1; shift
    context=$work/$name
    rm -rf "$context"
    mkdir -p "$context/site" "$context/wheels"
    copy_code "$context/site" "$@"
    cp -R "$here/$name/." "$context/"
    cp "$here/installer.lock" "$here/strip.sh" "$context/"
    if [ -d "$context/overlay" ]; then chmod -R a+rX "$context/overlay"; fi
    find "$context" -name __pycache__ -type d -prune -exec rm -rf {} +
    base=$("$docker" image inspect -f '{{.Id}}' vitrine/base)
    inputs=$(digest "$base" "$context")
    if [ "$(label_of "vitrine/$name")" = "$inputs" ]; then
        say "vitrine/$name is up to date"
        return 0
    fi
    fetch_wheels "$here/installer.lock"
    fetch_wheels "$here/$name/requirements.lock"
    "$python" "$here/pick_wheels.py" "$cache/wheels" "$context/wheels" \
        "$here/installer.lock" "$here/$name/requirements.lock" \
        || die "the wheel cache $cache/wheels is damaged; remove it and run this again"
    say "building vitrine/$name"
    "$docker" build -q --network none --build-arg BASE=vitrine/base \
        --label vitrine.inputs="$inputs" -t "vitrine/$name:candidate" "$context" >/dev/null \
        || die "vitrine/$name could not be built"
    "$docker" run --rm --network none --read-only --cap-drop ALL --user 200000:200000 \
        --tmpfs /tmp --entrypoint /opt/vitrine/venv/bin/python -i "vitrine/$name:candidate" -B - \
        <"$here/$name/smoke.py" || die "vitrine/$name:candidate failed its smoke test"
    "$docker" tag "vitrine/$name:candidate" "vitrine/$name:latest"
    "$docker" rmi "vitrine/$name:candidate" >/dev/null
}

build_base
build_session_image kernel __init__.py errors.py workbench session/__init__.py session/wire.py session/channels.py \
    session/agent
build_session_image lab __init__.py errors.py session/__init__.py session/wire.py \
    session/channels.py session/lab
"$docker" image prune -f --filter label=vitrine.inputs >/dev/null # superseded builds
say "vitrine/base, vitrine/kernel and vitrine/lab are ready"
