#!/bin/sh
# Installs the client on a Raspberry Pi, from a checkout of this repository. What is there already is left as it is, so
# that it may be run again at any time.
set -eu

usage() {
    cat <<'END'
usage: sudo sh deploy/pi/install.sh [--site FILE | --upgrade | --uninstall [--purge]] [--dry-run]

  (nothing)    install: user, program, folders, service, and the command attendance-client
  --site FILE  the same, and put the site's files in place: FILE as `deploy/gcp/deploy site add` wrote it
  --upgrade    install this checkout's release beside the one in use, and go over to it; goes back by itself
               if `attendance-client doctor` finds a fault that it did not find before
  --uninstall  remove all of it but the site's files; with --purge, these as well: the punches that no sheet
               has yet are then in the attendance machine only
  --dry-run    print what would be done, and do nothing
END
}

action=install purge=no dry_run=no site=
arguments=$*
while [ $# -gt 0 ]; do
    case $1 in
    --site=*) site=${1#--site=} ;;
    --site)
        [ $# -gt 1 ] || { usage >&2 && exit 2; }
        site=$2
        shift
        ;;
    --upgrade) action=upgrade ;;
    --uninstall) action=uninstall ;;
    --purge) purge=yes ;;
    --dry-run) dry_run=yes ;;
    -h | --help) usage && exit 0 ;;
    *) usage >&2 && exit 2 ;;
    esac
    shift
done

name=attendance-client
user=$name
# For trials: a folder that stands for /.
root=${INSTALL_ROOT:-}
link=$root/opt/$name
releases=$root/opt/$name-releases
state=$root/var/lib/$name
settings=$root/etc/$name
unit=$root/etc/systemd/system/$name.service
wrapper=$root/usr/local/bin/$name
source=$(cd "$(dirname "$0")/../.." && pwd)

say() { echo "install: $*"; }
fail() {
    echo "install: $*" >&2
    exit 1
}
# What changes something goes through here.
run() {
    if [ "$dry_run" = yes ]; then echo "  $*"; else "$@"; fi
}
with_systemd() { [ -z "$root" ] && [ -d /run/systemd/system ]; }
service() { if with_systemd; then run systemctl "$@" "$name"; fi; }
is_running() { with_systemd && systemctl is-active --quiet "$name"; }

[ "$dry_run" = yes ] || [ "$(id -u)" -eq 0 ] || fail "this takes root: sudo sh $0 $arguments"
[ -z "$site" ] || [ "$action" = install ] || fail "--site goes with an installation only"
[ "$purge" = no ] || [ "$action" = uninstall ] || fail "--purge goes with --uninstall"

# The system's own, which the service's user may run, too.
python=/usr/bin/python3
[ -x "$python" ] || python=python3
as_user() { setpriv --reuid="$user" --regid="$user" --init-groups env HOME="/var/lib/$name" "$@"; }

has_python() { "$python" -c 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; }

check_python() {
    has_python && return
    if command -v apt-get >/dev/null; then
        say "installing python3-venv"
        run apt-get install -y -qq --no-install-recommends python3-venv
        [ "$dry_run" = yes ] || has_python || fail "the client needs Python 3.11 or newer, as Raspberry Pi OS has it since bookworm"
    else
        fail "the client needs Python 3.11 or newer with its module venv; install both and run this again"
    fi
}

tell_of_32_bits() {
    "$python" -c 'import struct, sys; sys.exit(struct.calcsize("P") < 8)' 2>/dev/null ||
        say "this system has 32 bits: some packages have no wheels for it and are built here, which takes a compiler of C and" \
            "one of Rust, and an hour; the 64-bit Raspberry Pi OS (Pi 3 and newer) needs neither" >&2
}

make_user() {
    getent passwd "$user" >/dev/null && return
    say "making the user $user, whom the service runs as"
    run useradd --system --home-dir "/var/lib/$name" --shell /usr/sbin/nologin "$user"
}

# Into a folder of its own, which the link then names: a release that is half installed is never run.
add_release() {
    tell_of_32_bits
    number=1
    while [ -e "$releases/$number" ]; do number=$((number + 1)); done
    new=$releases/$number
    say "installing the program (minutes on a Pi): $new"
    run mkdir -p "$releases"
    trap 'rm -rf "$new"' EXIT
    run "$python" -m venv "$new"
    [ "$dry_run" = yes ] || as_user "$new/bin/python" -c '' 2>/dev/null ||
        fail "the user $user may not run $(readlink -f "$new/bin/python"): let others read and enter its folders"
    run "$new/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes \
        --requirement "$source/deploy/pi/requirements.lock"
    run "$new/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps "$source"
    trap - EXIT
}

# The link is exchanged at one stroke. A folder in its place is the release 0.1.0, which knew no link.
go_over_to() {
    run ln -sfn "$1" "$link.new"
    run mv -T "$link.new" "$link"
}

make_folders() {
    [ -d "$state" ] || run install -d -o "$user" -g "$user" -m 0700 "$state"
    [ -d "$settings" ] || run install -d -g "$user" -m 0750 "$settings"
}

check_site() {
    "$python" -c 'import json, sys; site = json.load(open(sys.argv[1])); \
        site["biometric_device_config"]["identifier"], site["service_account"]["private_key"]' "$site" 2>/dev/null ||
        fail "$site is no file of a site: bring the one that deploy/gcp/deploy site add wrote"
}

put_site() {
    say "putting the site's files in place"
    [ "$dry_run" = yes ] && echo "  $name init --from $site" && return
    "$link/bin/$name" init --help >/dev/null 2>&1 || fail "the release that is installed knows no init: --upgrade first"
    # 1 says that not all is in place yet, such as a machine that is switched off.
    GOOGLE_APPLICATION_CREDENTIALS="$settings/service-account.json" \
        "$link/bin/$name" init --from "$site" --directory "$state" || [ $? -eq 1 ] || exit 1
}

make_wrapper() {
    run mkdir -p "${wrapper%/*}"
    [ "$dry_run" = yes ] && echo "  write $wrapper" && return
    cat >"$wrapper.new" <<END
#!/bin/sh
# attendance-client as the service runs it: its user, its key, its folder. Made by deploy/pi/install.sh.
[ "\$(id -u)" -eq 0 ] || exec sudo "\$0" "\$@"
[ ! -r /etc/default/$name ] || { set -a; . /etc/default/$name; set +a; }
[ \$# -gt 0 ] || set -- --help
case " \$* " in
*" -h "* | *" --help "* | *" --version "* | *" --directory"*) ;;
*) set -- "\$@" --directory /var/lib/$name ;;
esac
export GOOGLE_APPLICATION_CREDENTIALS=/etc/$name/service-account.json
# init puts the key where the service's user may only read.
[ "\$1" != init ] || exec "/opt/$name/bin/$name" "\$@"
exec setpriv --reuid=$user --regid=$user --init-groups env HOME=/var/lib/$name "/opt/$name/bin/$name" "\$@"
END
    chmod 0755 "$wrapper.new"
    mv "$wrapper.new" "$wrapper"
}

make_unit() {
    run mkdir -p "${unit%/*}"
    run install -m 0644 "$source/deploy/pi/$name.service" "$unit"
    if with_systemd; then run systemctl daemon-reload; fi
}

# The faults that doctor finds, one a line, by their first words: which there are, not how they are worded.
faults() {
    code=0
    told=$(as_user GOOGLE_APPLICATION_CREDENTIALS="/etc/$name/service-account.json" \
        "$link/bin/$name" doctor --directory "$state" 2>&1) || code=$?
    # 1 says that it found some, 2 that there is none of the site's files to look at.
    [ "$code" -le 2 ] || echo "doctor itself fails: $(echo "$told" | tail -n 1)"
    echo "$told" | grep -E '^(FAIL|attendance-client:)|Traceback' | cut -c 1-18 | sort -u || true
}

install_all() {
    check_python
    [ -z "$site" ] || check_site
    make_user
    if [ -e "$link" ]; then
        say "the program is there: $link (another release: --upgrade)"
    else
        add_release
        go_over_to "$new"
    fi
    make_folders
    [ -z "$site" ] || put_site
    make_unit
    make_wrapper
    service enable
    if [ -n "$site" ] || { [ -e "$state/biometric_device_config.json" ] && [ -e "$settings/service-account.json" ]; }; then
        service restart
        if [ "$dry_run" = yes ]; then
            say "a dry run: nothing was done"
            return
        fi
        say "done. $name doctor says whether all is in place"
    else
        say "done. Next: $name init, then sudo systemctl restart $name"
    fi
    with_systemd || say "systemd does not run here: the service is installed and not started"
}

upgrade() {
    [ -e "$link" ] || fail "there is nothing to upgrade: run it without --upgrade"
    [ "$dry_run" = yes ] && before="" || before=$(faults)
    add_release
    was_running=no
    if is_running; then was_running=yes; fi
    service stop
    old=$(readlink "$link" || true)
    if [ -z "$old" ]; then
        old=$releases/0.1.0
        run mv "$link" "$old"
    fi
    say "keeping the site's files as they are now in $state.before-upgrade"
    run rm -rf "$state.before-upgrade"
    run cp -a "$state" "$state.before-upgrade"
    go_over_to "$new"
    make_unit
    make_wrapper
    [ "$dry_run" = yes ] && return
    added=$(faults | while IFS= read -r fault; do echo "$before" | grep -qxF "$fault" || echo "$fault"; done)
    if [ -n "$added" ]; then
        say "going back to $old, since doctor says what it did not say before:" >&2
        echo "$added" >&2
        go_over_to "$old"
        rm -rf "$state"
        mv "$state.before-upgrade" "$state"
        rm -rf "$new"
        [ "$was_running" = no ] || service start
        fail "the release in use is the one before; nothing is lost"
    fi
    [ "$was_running" = no ] || service start
    rm -rf "$state.before-upgrade"
    for each in "$releases"/*; do
        case $each in "$new" | "$old") ;; *) rm -rf "$each" ;; esac
    done
    say "done; the release before stays in $old"
}

uninstall() {
    service disable --now
    run rm -f "$unit" "$wrapper"
    if with_systemd; then run systemctl daemon-reload; fi
    run rm -rf "$link" "$releases"
    if [ "$purge" = yes ]; then
        run rm -rf "$state" "$settings" "$root/etc/default/$name"
        if getent passwd "$user" >/dev/null; then run userdel "$user"; fi
        say "done, the site's files too"
    else
        say "done; the site's files stay in $state and $settings (--purge removes them)"
    fi
}

case $action in
install) install_all ;;
upgrade) upgrade ;;
uninstall) uninstall ;;
esac
