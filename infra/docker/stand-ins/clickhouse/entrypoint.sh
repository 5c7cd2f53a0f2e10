#!/bin/sh
# As the official image does: a user from CLICKHOUSE_USER and CLICKHOUSE_PASSWORD, further users from users.d.
set -e
user=${CLICKHOUSE_USER:-default_user}
hash=$(printf %s "${CLICKHOUSE_PASSWORD:-}" | sha256sum | cut -d' ' -f1)
data=/var/lib/clickhouse
mkdir -p $data/metadata /etc/clickhouse-server/users.d
[ -f $data/metadata/system.sql ] || echo "ATTACH DATABASE _ UUID '$(cat /proc/sys/kernel/random/uuid)' ENGINE = Atomic" > $data/metadata/system.sql
cat > /etc/clickhouse-server/config.xml <<XML
<clickhouse><log-level>warning</log-level><logger><console>1</console></logger><path>$data/</path><users_config>/etc/clickhouse-server/users.xml</users_config>
<listen_host>0.0.0.0</listen_host><http_port>8123</http_port><tcp_port>9000</tcp_port><background_schedule_pool_size>16</background_schedule_pool_size>
<query_log><database>system</database><table>query_log</table></query_log></clickhouse>
XML
cat > /etc/clickhouse-server/users.xml <<XML
<clickhouse><profiles><default/></profiles><quotas><default/></quotas><users>
<default><no_password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota><grants><query>GRANT SYSTEM START LISTEN ON *.*</query><query>GRANT CREATE DATABASE ON *.*</query><query>GRANT SELECT ON system.numbers</query></grants></default>
<$user><password_sha256_hex>$hash</password_sha256_hex><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota><access_management>1</access_management><named_collection_control>1</named_collection_control></$user>
</users></clickhouse>
XML
exec /usr/bin/clickhouse-local --config-file /etc/clickhouse-server/config.xml --query "CREATE DATABASE IF NOT EXISTS \`${CLICKHOUSE_DB:-default}\`; SYSTEM START LISTEN TCP; SYSTEM START LISTEN HTTP; SELECT sleepEachRow(3) FROM system.numbers SETTINGS max_block_size=1, function_sleep_max_microseconds_per_block=0 FORMAT Null"
