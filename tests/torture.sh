#!/usr/bin/env bash
# Compares mapgrep with ripgrep byte for byte on large files.
#
#   tests/torture.sh FILE...
#
# For every file, every combination of options and pattern below is run once
# with ripgrep and several times with mapgrep (different numbers of threads
# and chunk sizes), and the digests of the outputs and the exit statuses must
# be equal. Nothing large is stored. The exit status is 1 if anything differs.
#
#   MAPGREP  the program under test (default: target/release/mapgrep)
#   RG       the ripgrep to compare with (default: rg)
#   ONLY     run only the combinations whose text contains this string

set -u
unset RIPGREP_CONFIG_PATH

root=$(cd "$(dirname "$0")/.." && pwd)
MAPGREP=${MAPGREP:-$root/target/release/mapgrep}
RG=${RG:-rg}
ONLY=${ONLY:-}

if [ $# -eq 0 ]; then
    sed -n '2,14s/^# \{0,1\}//p' "$0" >&2
    exit 2
fi
for tool in "$MAPGREP" "$RG"; do
    if ! "$tool" --version >/dev/null 2>&1; then
        echo "$0: cannot run $tool" >&2
        exit 2
    fi
done

scratch=$(mktemp -d) || exit 2
trap 'rm -rf "$scratch"' EXIT

# A list of literals and one of regular expressions, for -f.
printf '%s\n' error warning struct return fatal panic timeout TODO unlikely \
    include 404 500 refused localhost deprecated >"$scratch/words"
printf '%s\n' '^\s*#' 'fn \w+\(' '\b[45][0-9]{2}\b' '0x[0-9a-f]{4,}' \
    '(WARN|ERROR)\b' '^$' >"$scratch/regexes"

# One combination a line; the words are split as the shell would do it. Behind
# a ~ stands one with which the two differ on purpose, by
# docs/ripgrep-differences.md: there, mapgrep has to agree with itself.
combos=()
while IFS= read -r line; do
    [ -n "$line" ] && combos+=("$line")
done <<'COMBOS'
-c the
-c zqxjkvwq
-n zqxjkvwq
-n unlikely
-n timeout
-n the
-n e
-b -n --column error
-b -o error
-o '[A-Za-z_]+_[a-z]+'
-o -n '[0-9]+'
-o -b '\b[0-9a-f]{8}\b'
--column -n '[A-Z][a-z]+[A-Z]'
-c '^\s*$'
-n '^$'
-c ''
-n '[[:upper:]]{5,}'
-n '\w+\s+\w+\s+=\s'
-n '(error|warning|fatal): .*'
-i -n error
-i -c return
-i -o -b 'warning|error'
-S -c Error
-w -n int
-w -o -c for
-x -n '\s*}'
-x -c -F '}'
-v -c e
-v -n '[a-z]'
-v -b -n ' '
-v -o e
-c -o the
--count-matches e
--count-matches '\b'
--count-matches -i '[aeiou]+'
-A2 -n unlikely
-B3 -n unlikely
-C1 -n timeout
-C2 -n -b '[0-9]{5}'
-C5 -v -n '[a-z ]'
-A1 -o -n unlikely
-F -n -e 'error' -e 'return' -e '(void)' -e '->'
-F -c -e the -e and -e for -e int
-F -n -f "$scratch/words"
-n -f "$scratch/regexes"
--trim -n error
--trim -n '\s+return'
-o -b '\s+return'
~ --trim -o -b '\s+return'
-M60 -n return
-M40 --max-columns-preview -n --column return
-M20 --trim -c return
--color=always -n -H error
--color=always -o -b '[a-z]+ing'
--color=always -C1 -n --column unlikely
--color=always --heading -H -n unlikely
-l the
-l zqxjkvwq
--files-without-match the
--files-without-match zqxjkvwq
-q zqxjkvwq
-q the
-H -n --heading timeout
-H -c error
-m1 -n the
-m1000 -n e
-m100 -B2 -n error
~ -m100 -C2 -n error
-m50 -v -n e
-m7 -c the
-n '\p{Greek}|\p{Han}'
-o -b '[^\x00-\x7F]+'
-n '(?-u)[\x80-\xff]{4}'
COMBOS

# Every combination runs with these engine settings, and every fourth one
# with small chunks too.
settings=("-j1" "-j2" "-j8" "-j2 --chunk-size=64K")
small="-j2 --chunk-size=4K"

# Prints the digest of a command's output and its exit status.
digest() {
    "$@" 2>/dev/null | sha256sum
    echo "${PIPESTATUS[0]}"
}

runs=0
combos_run=0
failed=0
for file in "$@"; do
    if [ ! -f "$file" ]; then
        echo "$0: $file is not a file" >&2
        exit 2
    fi
    echo "$file ($(wc -c <"$file") bytes)"
    number=0
    for combo in "${combos[@]}"; do
        number=$((number + 1))
        case $combo in *"$ONLY"*) ;; *) continue ;; esac
        reference=("$RG" --no-config --mmap -j1)
        if [ "${combo#\~ }" != "$combo" ]; then
            combo=${combo#\~ }
            reference=("$MAPGREP" -j1)
        fi
        # Only quoting is evaluated here, of the table above.
        eval "args=($combo)"
        combos_run=$((combos_run + 1))
        expected=$(digest "${reference[@]}" -a "${args[@]}" -- "$file")
        verdict=ok
        tried=("${settings[@]}")
        [ $((number % 4)) -eq 0 ] && tried+=("$small")
        for setting in "${tried[@]}"; do
            read -r -a engine <<<"$setting"
            runs=$((runs + 1))
            actual=$(digest "$MAPGREP" "${engine[@]}" -a "${args[@]}" -- "$file")
            if [ "$actual" != "$expected" ]; then
                verdict=DIFFERENT
                failed=$((failed + 1))
                echo "  differs: $MAPGREP $setting -a $combo $file"
                echo "    exit status ${expected##*$'\n'} by ${reference[0]}, ${actual##*$'\n'} in mapgrep"
                cmp <("${reference[@]}" -a "${args[@]}" -- "$file" 2>/dev/null) \
                    <("$MAPGREP" "${engine[@]}" -a "${args[@]}" -- "$file" 2>/dev/null) 2>&1 |
                    sed 's/^/    /'
            fi
        done
        printf '  %-9s %s\n' "$verdict" "-a $combo"
    done
done

echo "$combos_run combinations, $runs runs of mapgrep, $failed of them different"
[ "$failed" -eq 0 ]
