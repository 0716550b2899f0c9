#!/bin/sh
# The node as one service, with or without systemd. Run as root.
#
#   node.sh start|stop|restart|status   the processes of the node
#   node.sh enable|disable              start at boot, or no longer
#
# VITRINE_ENV_FILE names the node's environment file; without it the one that every program
# finds is used. Everything may be run again at any time. Sessions survive `stop` and `restart`:
# their containers go on, and the Hub takes them up again.
set -eu
umask 022

here=$(CDPATH='' cd -- "$(dirname -- "$0")" && pwd -P)
root=$(dirname -- "$(dirname -- "$here")")
bin=$root/.venv/bin
service=vitrine

die() { printf 'node.sh: %s\n' "$*" >&2; exit 1; }

[ "$(id -u)" -eq 0 ] || die "must be run as root"
[ -x "$bin/vitrine" ] || die "$root has no .venv; run ./run env there first"

setting() { printf '%s\n' "$settings" | sed -n "s/^  \"$1\": \"\\(.*\\)\",\\{0,1\\}\$/\\1/p"; }

read_settings() {
    settings=$("$bin/vitrine" node show --json) || die "the settings of the node are not right"
    state=$(setting state_root)
    run=$(setting run_root)
    config=$state/supervisord.conf
}

control() { "$bin/supervisorctl" -c "$config" "$@"; }

runs() { [ -S "$run/supervisor.sock" ] && control pid >/dev/null 2>&1; }

render() {
    mkdir -p "$state/logs"
    chmod 0750 "$state/logs"
    environment="PATH=\"$bin:/usr/sbin:/usr/bin:/sbin:/bin\",LANG=\"C.UTF-8\",HOME=\"/nonexistent\""
    [ -z "${VITRINE_ENV_FILE:-}" ] || environment="$environment,VITRINE_ENV_FILE=\"$VITRINE_ENV_FILE\""
    bind= # behind a TLS server, not at the public address itself
    case $(setting review_url) in https://*) bind=" --bind 127.0.0.1:8010" ;; esac
    sed -e "s|@REVIEW_BIND@|$bind|g" -e "s|@ROOT@|$root|g" -e "s|@PYTHON@|$bin/python|g" -e "s|@RUN@|$run|g" \
        -e "s|@STATE@|$state|g" -e "s|@LOGS@|$state/logs|g" -e "s|@ENVIRONMENT@|$environment|g" \
        -e "s|@ACCOUNT_HUB@|$(setting account_hub)|g" \
        -e "s|@ACCOUNT_GATE@|$(setting account_gate)|g" \
        -e "s|@ACCOUNT_STEWARD@|$(setting account_steward)|g" \
        -e "s|@ACCOUNT_REVIEW@|$(setting account_review)|g" \
        -e "s|@ACCOUNT_PARSER@|$(setting account_parser)|g" \
        -e "s|@ACCOUNT_PROXY@|$(setting account_proxy)|g" \
        "$here/supervisord.conf.in" >"$config.new"
    mv "$config.new" "$config"
}

start() {
    "$bin/vitrine" node init >/dev/null || die "the node could not be made ready"
    render
    if runs; then
        control update >/dev/null
        control start all >/dev/null || true
    else
        env -i PATH="$bin:/usr/sbin:/usr/bin:/sbin:/bin" LANG=C.UTF-8 \
            "$bin/supervisord" -c "$config" || die "the supervisor does not start ($state/logs)"
    fi
}

stop() {
    runs || return 0
    process=$(control pid)
    control shutdown >/dev/null
    tries=0
    while kill -0 "$process" 2>/dev/null; do
        tries=$((tries + 1))
        [ "$tries" -lt 120 ] || die "the supervisor, process $process, does not end"
        sleep 0.5
    done
}

enable() {
    if [ -d /run/systemd/system ]; then
        fill "$here/vitrine.service.in" /etc/systemd/system/$service.service 0644
        systemctl daemon-reload
        systemctl enable --quiet $service.service
    else
        fill "$here/vitrine.init.in" /etc/init.d/$service 0755
        command -v update-rc.d >/dev/null || die "update-rc.d is missing; install init-system-helpers"
        update-rc.d $service defaults >/dev/null
    fi
}

disable() {
    if [ -f /etc/systemd/system/$service.service ]; then
        systemctl disable --quiet $service.service || true
        rm -f /etc/systemd/system/$service.service
        systemctl daemon-reload
    fi
    if [ -f /etc/init.d/$service ]; then
        rm -f /etc/init.d/$service
        update-rc.d $service remove >/dev/null
    fi
}

fill() { # template, target, mode
    sed -e "s|@NODE@|$here/node.sh|g" -e "s|@ENV_FILE@|${VITRINE_ENV_FILE:-}|g" \
        -e "s|@RUN@|$run|g" "$1" >"$2.new"
    chmod "$3" "$2.new"
    mv "$2.new" "$2"
}

read_settings
case ${1:-} in
    start) start ;;
    stop) stop ;;
    restart) stop && start ;;
    status) runs && control status || die "the supervisor does not run" ;;
    enable) enable ;;
    disable) disable ;;
    *) die "say start, stop, restart, status, enable or disable" ;;
esac
