# Starts the agent with content $1, or asks for it. Lines end in `;` or an opening word: they are joined by blanks,
# and may hold no single quote, because they travel as one quoted shell word.
# $1 BLAKE3 name, $2 SHA-256, $3 size in bytes, $4 lease in seconds, $5... folders to look and put it into.
umask 077;
h=$1; s=$2; n=$3; l=$4; shift 4;
u=$(id -u); e=;
# own DIR: a folder of this user's that nobody else can enter.
own() { [ -d "$1" ] && [ ! -L "$1" ] && set -- $(ls -ldn "$1") && [ "$3" = "$u" ] && case $1 in drwx------*) :;; *) return 1;; esac; };
# sum FILE: the content is what was sent; where no tool can tell, the agent is made to prove itself.
sum() { if command -v sha256sum >/dev/null 2>&1; then [ "$(sha256sum <"$1")" = "$s  -" ]; else e=--prove; fi; };
sound() { [ -f "$1" ] && [ ! -L "$1" ] && [ -O "$1" ] && [ -x "$1" ] && [ "$(wc -c <"$1")" -eq "$n" ] || return 1;
  if [ "$n" -gt 33554432 ]; then e=--prove; else sum "$1"; fi; };
place() { case $1 in "~") d=$HOME;; "~/"*) d=$HOME/${1#"~/"};; *%u) d=${1%"%u"}$u;; *) d=$1;; esac; };
for c in "$@"; do
  place "$c";
  if own "$d" && sound "$d/agent-$h"; then exec "$d/agent-$h" agent --lease "$l" $e; fi;
done;
i=0; why="no folder for it can be made";
for c in "$@"; do
  i=$((i + 1)); place "$c";
  mkdir -p "$d" 2>/dev/null;
  own "$d" || continue;
  t=$d/.new-$$;
  (set -C; : >"$t") 2>/dev/null || continue;
  trap "rm -f \"$t\"; exit 1" HUP INT TERM PIPE;
  if command -v zstd >/dev/null 2>&1; then how=zstd; elif command -v gzip >/dev/null 2>&1; then how=gzip; else how=raw; fi;
  printf "\nRUSTIBLE-NEED-1 %s\n" "$how";
  read -r z;
  case $how in
    zstd) head -c "$z" | zstd -dcq >"$t";;
    gzip) head -c "$z" | gzip -dc >"$t";;
    raw) head -c "$z" >"$t";;
  esac;
  chmod 700 "$t";
  if [ "$(wc -c <"$t")" -ne "$n" ]; then why="$d: the upload is not complete (is the disk full?)";
  elif sum "$t"; then
    if "$t" agent --probe >/dev/null 2>&1; then
      find "$d" -name "agent-*" -atime +30 -exec rm -f {} + 2>/dev/null;
      mv -f "$t" "$d/agent-$h" && exec "$d/agent-$h" agent --lease "$l" $e;
    fi;
    why="$d: programs there are not run (noexec, or no program for $(uname -m))";
  else why="$d: the upload has another content";
  fi;
  rm -f "$t";
  printf "\nRUSTIBLE-FAIL-1 %s %s\n" "$i" "$why";
  exit 1;
done;
printf "\nRUSTIBLE-FAIL-1 0 %s\n" "$why";
exit 1
