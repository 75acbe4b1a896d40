"""Command lines for busybox, by name, and the files they find.  Each is run with `sh -c`."""

from __future__ import annotations

import gzip
import os
import random
import tarfile
from pathlib import Path
from typing import Final

WORDS: Final = (
    "apple", "banana", "cherry", "date", "elderberry", "fig", "grape", "lemon", "mango", "nectarine",
)  # fmt: skip
YEAR_2001: Final = 1_000_000_000


def fill(work: Path) -> None:
    """Text, numbers, a table, bytes, a tree, archives: the same every time."""
    rng = random.Random(1)
    lines = [" ".join(rng.choice(WORDS) for _ in range(rng.randrange(1, 9))) for _ in range(200)]
    (work / "text").write_text("\n".join(lines) + "\n")
    (work / "numbers").write_text("".join(f"{rng.randrange(-500, 5000)}\n" for _ in range(300)))
    rows = [f"{n},{rng.choice(WORDS)},{rng.randrange(1000) / 8}" for n in range(120)]
    (work / "table.csv").write_text("id,fruit,price\n" + "\n".join(rows) + "\n")
    (work / "bytes").write_bytes(rng.randbytes(20_000))
    (work / "zeros").write_bytes(bytes(50_000))
    (work / "dos").write_bytes(b"one\r\ntwo\r\nthree\r\n")
    tree = work / "tree"
    for name in ("a/one.txt", "a/b/two.txt", "a/b/c/three.c", "d/four.c", "d/.hidden"):
        path = tree / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"this is {name}\n" * 3)
    (tree / "link").symlink_to("a/one.txt")
    (tree / "broken").symlink_to("nowhere")
    os.link(tree / "d/four.c", tree / "d/same.c")
    (tree / "d/four.c").chmod(0o754)
    (work / "packed.gz").write_bytes(gzip.compress((work / "text").read_bytes(), mtime=0))
    _set_times(work)
    with tarfile.open(work / "archive.tar", "w") as archive:
        archive.add(tree, "tree")
    _set_times(work)


def _set_times(work: Path) -> None:
    for path in (*work.rglob("*"), work):
        os.utime(path, (YEAR_2001, YEAR_2001), follow_symlinks=False)


TEXT: Final = {
    "cat": "cat text numbers",
    "awk sum": "awk -F, 'NR>1 {s[$2]+=$3; n[$2]++} END {for (k in s) print k, s[k], n[k]}' table.csv | sort",
    "awk program": "awk 'BEGIN {for (i=0; i<40; i++) {a=i; while (a>1) a = a%2 ? 3*a+1 : a/2; print i, a}}'",
    "awk printf": "awk '{printf \"%08.3f|%-10s|%x|%e\\n\", $1/7, $1, $1, $1*1e10}' numbers",
    "awk regex": "awk 'match($0, /b[an]+a/) {print RSTART, RLENGTH, substr($0, RSTART, RLENGTH)}' text",
    "awk string": 'awk \'{gsub(/an/, "<&>"); print toupper($1), length($0), index($0, "e")}\' text',
    "sed substitute": "sed -E 's/([a-z]+) ([a-z]+)/\\2 \\1/g; /fig/d' text",
    "sed ranges": "sed -n '/apple/,/mango/{=;p}' text",
    "sed script": "sed -e ':a' -e 'N;$!ba' -e 's/\\n/+/g' numbers",
    "sed in place": "sed -i.bak -e '1,3d' -e '$a end' text; ls",
    "sort": "sort text",
    "sort numeric": "sort -n -r numbers | head -20",
    "sort keys": "sort -t, -k2,2 -k3,3nr table.csv",
    "sort unique": "tr ' ' '\\n' < text | sort -u",
    "uniq": "tr ' ' '\\n' < text | sort | uniq -c | sort -rn",
    "cut": "cut -d, -f2,3 table.csv; cut -c 3-7 text",
    "paste": "head -5 text | paste -d: - numbers | head -9",
    "tr": "tr a-z A-Z < text | tr -d AEIOU | tr -s N",
    "grep": "grep -n -i 'fig.*lemon' text; grep -c apple text; grep -v -e a -e e text",
    "grep extended": "grep -E -o '(an)+|e{1}r' text | sort | uniq -c",
    "grep recursive": "grep -r -l this tree | sort; grep nothing text",
    "wc": "wc text numbers bytes; wc -l < text",
    "head and tail": "head -3 text; tail -3 text; tail -c 20 text; tail -n +198 text",
    "rev and tac": "rev text | tac | head",
    "fold and expand": "fold -w 17 -s text | head -20; printf 'a\\tb\\tc\\n' | expand | unexpand -a",
    "nl": "nl -b a text | head",
    "comm by cmp": "cmp text numbers; cmp text text && echo same",
    "diff": "sed 's/fig/FIG/; 5d' text > other; diff -u text other | tail -n +3",
    "dos2unix": "dos2unix dos; od -c dos",
    "split by awk": "awk '{print > (\"part\" NR%3)}' text; wc -l part0 part1 part2",
    "seq and factor": "seq 5 5 60; factor 1234567890 97 18446744073709551557",
    "expr": "expr 17 \\* 3 - 4 / 2; expr length hello; expr abcdef : 'abc\\(.*\\)'; expr 5 \\> 7",
    "printf": "printf '%d %5s|%-5s|%05d|%x|%c|%b\\n' 42 ab cd 7 255 xyz 'a\\tb'",
    "bc": "echo 'scale=40; 4*a(1); 2^200; sqrt(2); e(1)' | bc -l",
    "dc": "echo '20 k 2 v p 3 5 ^ p 100 7 / p' | dc",
    "strings": "strings -n 6 bytes | head; strings archive.tar | head -20",
}
FILES: Final = {
    "find names": "find tree | sort; find tree -name '*.c' | sort",
    "find types": "find tree -type l | sort; find tree -type f -size -2 -perm 754",
    "find exec": "find tree -type f -exec wc -c {} + | sort; find tree -name '*.txt' -exec cat {} \\;",
    "find depth": "find tree -mindepth 2 -maxdepth 3 ! -name '*.txt' -print0 | tr '\\0' '|'",
    "xargs": "find tree -type f | sort | xargs -n 2 echo; seq 20 | xargs -n 6 -I{} echo [{}] | head -3",
    "ls": "ls -lnA tree tree/d; ls -1 -R tree; ls -F tree; ls nothing",
    "stat": "stat -c '%n %s %a %F %h %Y' text tree tree/link tree/d/four.c",
    "cp and mv": "cp -a tree copy; mv copy/a copy/z; ls -R copy; cp text tree/link; cat tree/a/one.txt | head -2",
    "rm": "rm -r tree/a; rm nothing; rm -f nothing; ls tree; rmdir tree/d; echo $?",
    "ln and readlink": "ln -s text soft; ln text hard; readlink soft; readlink -f tree/link; cat soft | wc; ls",
    "mkdir": "mkdir -p x/y/z; mkdir x; mkdir -m 700 q; stat -c %a q; rmdir -p x/y/z; ls",
    "touch and test": "touch -t 200102030405 new; stat -c %Y new; [ new -nt text ] && echo newer; test -x text || echo no",
    "chmod": "chmod u+x,g-r,o=w text; stat -c %a text; chmod 4755 numbers; stat -c %A numbers",
    "du and wc": "du -a -b tree 2>/dev/null | sort -k2 | cut -f2; wc -c tree/a/one.txt",
    "dd": "dd if=bytes of=out bs=512 skip=3 count=5 conv=notrunc 2>/dev/null; cmp -n 2560 bytes out 1536 0; wc -c out",
    "truncate": "truncate -s 100 bytes; truncate -s +50 bytes; od -A d -t x1 bytes | tail -4",
    "tee": "echo shared | tee one two; cat one two",
    "mktemp": "t=$(mktemp -p .); test -f $t && echo made; rm $t; umask 027; touch u; stat -c %a u",
    "basename": "basename /a/b/c.txt .txt; dirname /a/b/c.txt; realpath tree/../text | wc -l",
    "tar create": "tar cf new.tar tree; tar tf new.tar | sort; tar xf new.tar -O tree/d/four.c",
    "tar extract": "mkdir x; tar xvf archive.tar -C x | sort; find x | sort; cat x/tree/a/b/two.txt",
    "cpio": "find tree -type f | sort | cpio -o -H newc 2>/dev/null | cpio -t 2>/dev/null",
    "gzip": "gzip -c text > t.gz; gunzip -c t.gz | cmp - text && echo equal; zcat packed.gz | tail -2",
    "gzip levels": "gzip -9 -k zeros; gzip -1 bytes; ls -ln zeros.gz | cut -c1-30; gunzip bytes.gz; wc -c bytes",
    "bzip2": "bzip2 -k text; bzcat text.bz2 | cmp - text && wc -c text.bz2",
    "od and hexdump": "od -A x -t x2z bytes | head -5; hexdump -C bytes | head -5; xxd bytes | head -3",
    "base64": "base64 bytes | head -3; base64 bytes | base64 -d | cmp - bytes && echo equal",
    "sha256sum": "sha256sum text bytes zeros; sha256sum text > sums; sha256sum -c sums",
    "sums": "md5sum text; sha1sum text; sha512sum text; sha3sum text; cksum text 2>/dev/null; crc32 text",
    "unzip missing": "unzip nothing.zip; echo $?",
    "uuencode": "uuencode -m text name | tail -2; uuencode bytes b | uudecode -o b2; cmp bytes b2 && echo equal",
}
SHELL: Final = {
    "pipeline": "cat text | tr ' ' '\\n' | sort | uniq -c | sort -k1,1nr -k2 | head -5",
    "pipeline status": "false | true; echo $?; true | false; echo $?; ! true; echo $?; nosuchcommand; echo $?",
    "subshell": "x=1; (x=2; echo $x; exit 7); echo $? $x; { x=3; }; echo $x",
    "substitution": 'a=$(echo $(echo deep; echo er) | tr a-z A-Z); echo "[$a]"; echo `expr 3 + 4`',
    "here document": "x=5; cat <<E; cat <<'E'\nvalue $x $(echo run)\nE\nvalue $x\nE",
    "here tabs": "cat <<-E | sed 's/^/>/'\n\tone\n\t\ttwo\n\tE",
    "trap": "trap 'echo bye' EXIT; trap 'echo got; exit 3' TERM; kill -TERM $$; echo not reached",
    "trap interrupt": "trap 'echo int' INT; kill -INT $$; echo after; trap - INT; kill -INT $$; echo never",
    "background": "sleep 0.2 & p=$!; echo waiting; wait $p; echo $?; (exit 5) & wait $!; echo $?",
    "background jobs": "for i in 3 1 2; do (sleep 0.$i; echo $i) & done; wait; echo all",
    "kill a child": "sleep 60 & kill -9 $!; wait $!; echo $?; sleep 60 & kill $!; wait $!; echo $?",
    "loops": "for i in 1 2 3; do for j in a b; do [ $j$i = b2 ] && continue 2; echo $j$i; done; done; while :; do break; done",
    "case": "for w in apple fig 42 -x ''; do case $w in a*) echo A;; [0-9]*) echo number;; -?) echo option;; '') echo empty;; *) echo other;; esac; done",
    "functions": "f() { local n=$1; [ $n -le 1 ] && { echo 1; return; }; echo $((n * $(f $((n-1))))); }; f 10; g() { return 4; }; g; echo $?",
    "arithmetic": "echo $((7/2)) $((-7%3)) $((1<<40)) $((0x1f ^ 5)) $((3>2 && 2>3)) $((a=5, a*=3)); echo $a",
    "expansion": "f=/usr/lib/libx.so.1; echo ${f##*/} ${f%.*} ${f%%.*} ${#f} ${u:-unset} ${f:5:3} ${f/lib/LIB}; set -- a 'b c' d; echo $# \"$2\"; shift; echo $*",
    "read": 'while read -r a b; do echo "$b-$a"; done < text | head -5; echo x:y:z | { IFS=: read p q r; echo $r$q$p; }',
    "redirections": "{ echo out; echo err >&2; } > both 2>&1; cat both; exec 5> five; echo five >&5; exec 5>&-; cat five; cat < nothing; echo $?",
    "globs": "cd tree; echo *; echo d/*.c; echo d/.h*; echo [a-c]; echo nomatch*",
    "set options": "set -e; echo one; if false; then echo x; fi; set -u; echo ${v:-ok}; false; echo never",
    "command lookup": "type cd; command -v ls; alias; unset -f nothing; hash -r; echo $0",
    "eval and quoting": "x='echo \"a  b\"'; eval $x; echo 'single \"quoted\"' \"it's\" a\\ b; printf '%s|' \"$@\" a 'b c'; echo",
    "time and sleep": "sleep 0.05; usleep 1000; timeout 1 sleep 30; echo $?; timeout 5 true; echo $?",
    "fifo": "mkfifo p; (echo through > p) & cat p; wait; ls -ln p | cut -c1",
    "exec": "exec echo replaced; echo never",
    "script file": "printf '#!%s/sh\\necho script $0 $1; exit 9\\n' ${PATH%%:*} > s; chmod +x s; ./s arg; echo $?",
    "environment": "A=1 env | grep ^A; export B=2; env | sort | grep '^[AB]='; env -i X=y env; unset B; env | grep -c ^B",
    "identity": "id -u; id -g; whoami 2>/dev/null | wc -l; uname -s -m; pwd | wc -l; tty; echo $?",
    "date": "date -u -d @1234567890 '+%Y-%m-%d %H:%M:%S %a %j'; date -u -d '2024-02-29 12:00' +%s; cal 2 2024",
    "pipes that close": "yes | head -3; seq 100000 | head -1; yes 2>/dev/null | sed 5q; cat bytes | true; echo $?",
    "big pipe": "seq 20000 | sort -n -r | awk '{s+=$1} END {print s, NR}'; dd if=/dev/zero bs=1000 count=500 2>/dev/null | wc -c",
    "devices": "echo gone > /dev/null; head -c 5 /dev/zero | od -c; echo x > /dev/full; echo $?; cat /dev/null | wc -c",
    "ed": "printf '1d\\n2a\\nadded\\n.\\n/fig/s//FIG/\\nw\\nq\\n' | ed numbers text 2>&1; printf '1,3p\\nq\\n' | ed -s text",
    "patch": "sed 's/fig/FIG/' text > new; diff -u text new > change; patch text < change; cmp text new && echo equal",
    "cron of watch": "which ls | wc -l; mesg 2>/dev/null; nproc | grep -c .; yes no | head -2 | xargs echo",
}
CASES: Final = {**TEXT, **FILES, **SHELL}
