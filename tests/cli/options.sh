# The command line: options, exit statuses, bad usage.
mini=$(readlink -f "$MINI")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work" || exit 1
failed=0

# expect STATUS OUT ERR COMMAND...: OUT and ERR are patterns of the shell for the whole output.
expect() {
    status=$1 out=$2 err=$3
    shift 3
    "$@" >out 2>err </dev/null
    got=$?
    [ "$got" = "$status" ] || { echo "$*: status $got, not $status"; failed=1; }
    case $(cat out) in $out) ;; *) echo "$*: wrote $(cat out)"; failed=1 ;; esac
    case $(cat err) in $err) ;; *) echo "$*: wrote to stderr $(cat err)"; failed=1 ;; esac
}

cat >args.mini <<'END'
import sys
print(__name__, sys.argv[1:])
END
printf 'x =\n' >wrong.mini
mkdir -p package/inner
printf 'print("in", __package__)\n' >package/__main__.mini
: >package/__init__.mini
printf 'not mini\nprint(2)\n' >headed.mini

expect 0 "__main__ \\['a', '-c'\\]" '' "$mini" args.mini a -c
expect 0 '42' '' "$mini" -c 'print(6 * 7)'
expect 0 '7' 'leaks: none' "$mini" --leaks -c 'print(7)'
expect 0 '' 'leaks: none' "$mini" --leaks=error -c 'a = [0] * 99'
expect 3 '' 'leaks: 1*list of 100 entries*held by module __main__ global a' "$mini" --leaks=error -c 'a = [0] * 100'
expect 3 '' '*never closed or released*lock, made at <string>:1*' "$mini" --leaks=error -c 'import threading; a = threading.Lock(); a.acquire()'
expect 0 '' '{"leaks": 1, "findings": ?{"kind": "grown", "what": "list", "place": "<string>:1", "count": 100,*}?}' "$mini" --leaks=json -c 'a = [0] * 100'
expect 5 '' 'leaks: none' "$mini" --leaks -c 'raise SystemExit(5)'
expect 2 '' "mini: unknown option --leaks=x*" "$mini" --leaks=x -c 'print(1)'
expect 0 "\\['-c', 'a'\\]" '' "$mini" -c 'import sys; print(sys.argv)' a
expect 0 'in package' '' "$mini" -m package
expect 0 'mini [0-9]*' '' "$mini" -V
expect 0 'usage: mini*' '' "$mini" -h
expect 0 '2' '' "$mini" -x headed.mini
expect 0 'True' '' "$mini" -O -c 'assert False
print(not __debug__)'
expect 0 '*RETURN*' '' "$mini" --dis args.mini
expect 3 '' '' "$mini" -c 'raise SystemExit(3)'
expect 1 '' 'bye' "$mini" -c 'raise SystemExit("bye")'
expect 1 '' '*ValueError: x' "$mini" -c 'raise ValueError("x")'
expect 1 '' "  File \"$work/wrong.mini\", line 1*SyntaxError: invalid syntax" "$mini" wrong.mini
expect 2 '' "mini: can't open file '$work/none.mini': \\[Errno 2\\] No such file or directory" "$mini" none.mini
expect 1 '' "mini: can't find '__main__' module in '$work/package/inner'" "$mini" package/inner
expect 1 '' '*No module named none' "$mini" -m none
expect 2 '' 'mini: unknown option -Z*' "$mini" -Z
expect 2 '' 'mini: argument expected for -c*' "$mini" -c
expect 130 '' '*KeyboardInterrupt' "$mini" -c 'raise KeyboardInterrupt'
echo 'print("from input", __name__)' | "$mini" >out && [ "$(cat out)" = 'from input __main__' ] || { echo 'program from standard input'; failed=1; }
echo 'import sys; print(sys.argv)' | "$mini" - a >out && [ "$(cat out)" = "['-', 'a']" ] || { echo 'program from -'; failed=1; }
if [ "$(id -u)" != 0 ]; then
    : >hidden.mini
    chmod 0 hidden.mini
    expect 2 '' "mini: can't open file*\\[Errno 13\\] Permission denied" "$mini" hidden.mini
fi
exit $failed
