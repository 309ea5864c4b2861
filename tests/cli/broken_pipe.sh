# Output that nobody reads, or that has no room: the error is told once, the exit status is CPython's.
mini=$(readlink -f "$MINI")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
fail() { echo "$1"; exit 1; }
printf 'for i in range(100000):\n    print(i)\n' >"$work/many.mini"
printf 'import time\nprint(1)\ntime.sleep(0.3)\nprint(2)\n' >"$work/late.mini"

("$mini" "$work/many.mini" 2>"$work/err"; echo $? >"$work/status") | head -n 1 >"$work/out"
[ "$(cat "$work/out")" = 0 ] || fail 'first line'
[ "$(cat "$work/status")" = 1 ] || fail "status $(cat "$work/status") of a print that fails"
[ "$(grep -c '^BrokenPipeError: \[Errno 32\] Broken pipe$' "$work/err")" = 1 ] || fail "$(cat "$work/err")"

("$mini" "$work/late.mini" 2>"$work/err"; echo $? >"$work/status") | true
[ "$(cat "$work/status")" = 120 ] || fail "status $(cat "$work/status") of a flush at exit that fails"
printf 'Exception ignored on flushing sys.stdout:\nBrokenPipeError: [Errno 32] Broken pipe\n' | cmp -s - "$work/err" || fail "$(cat "$work/err")"

"$mini" -c 'print(1)' >/dev/full 2>"$work/err"
[ $? = 120 ] || fail 'full device'
