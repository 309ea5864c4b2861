# The interactive session on a terminal: session.exp drives it.
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
expect tests/cli/session.exp "$MINI" "$work/history" || exit 1
grep -q '^def add(a, b):$' "$work/history" || { echo 'history file'; exit 1; }
