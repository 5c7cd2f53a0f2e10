import { DOCUMENT_KINDS, type RegistryKeys } from './keys.ts';
import { defineScript } from './link.ts';

/**
 * What an act must know before it decides. KEYS: log, audit, then the hash of each document. ARGV: the documents' ids.
 * Returns seconds, microseconds, log head id and hash, audit head id, hash and time, [sealed document or '', …].
 */
export const LOOK = defineScript('look', `
local function head(key, field)
  local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  if not last then return '0-0', '', '0' end
  local f = {}
  for i = 1, #last[2], 2 do f[last[2][i]] = last[2][i + 1] end
  return last[1], f['hash'] or '', f[field] or '0'
end
local t = redis.call('TIME')
local logId, logHash = head(KEYS[1], 'published')
local auditId, auditHash, at = head(KEYS[2], 'at')
local texts = {}
for i, id in ipairs(ARGV) do texts[i] = redis.call('HGET', KEYS[i + 2], id) or '' end
return {t[1], t[2], logId, logHash, auditId, auditHash, at, texts}
`);

const IS_HEAD = `
local function isHead(key, expected)
  local last = redis.call('XREVRANGE', key, '+', '-', 'COUNT', 1)[1]
  if not last then return expected.id == '0-0' end
  if last[1] ~= expected.id then return false end
  for i = 1, #last[2], 2 do
    if last[2][i] == 'hash' then return last[2][i + 1] == expected.hash end
  end
  return false
end`;

/**
 * Entries of the audit log and nothing else: what a tap may write. KEYS: audit. ARGV: the plan as JSON, {audit}.
 * Returns 'ok' or 'head'.
 */
export const APPEND = defineScript('act', `
local plan = cjson.decode(ARGV[1])
${IS_HEAD}
if not isHead(KEYS[1], plan.audit) then return 'head' end
for _, entry in ipairs(plan.audit.entries) do
  redis.call('XADD', KEYS[1], entry[1], unpack(entry, 2))
end
return 'ok'
`);

/** KEYS of a script that writes, in this order. */
export const writtenKeys = (keys: RegistryKeys): readonly string[] => [keys.log, keys.audit, keys.writes, keys.grants, keys.targets, keys.refs, keys.nonces, ...DOCUMENT_KINDS.map((kind) => keys.documents[kind])];

/**
 * Does what `Writes` says (its text is what the audit entry vouches for) and leaves the text beside the audit entry.
 * One function for an act and for a rebuild, so that a rebuilt registry cannot differ from the one that was lost.
 */
const APPLY = `
local log, audit, written, grants, targets, refs, nonces = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local documents = {}
for i, kind in ipairs({${DOCUMENT_KINDS.map((kind) => `'${kind}'`).join(', ')}}) do documents[kind] = KEYS[7 + i] end
local function apply(id, text, change)
  redis.call('XADD', written, id, 'text', text)
  local writes = cjson.decode(text)
  for _, d in ipairs(writes.removed.documents) do redis.call('HDEL', documents[d.kind], d.id) end
  for _, hash in ipairs(writes.removed.references) do redis.call('HDEL', refs, hash) end
  for _, t in ipairs(writes.removed.targets) do
    local rest = {}
    for id in string.gmatch(redis.call('HGET', targets, t.hash) or '', '%S+') do
      if id ~= t.id then rest[#rest + 1] = id end
    end
    if #rest == 0 then redis.call('HDEL', targets, t.hash) else redis.call('HSET', targets, t.hash, table.concat(rest, ' ')) end
  end
  for _, d in ipairs(writes.documents) do redis.call('HSET', documents[d.kind], d.id, d.text) end
  if change then
    if writes.grant == cjson.null then redis.call('HDEL', grants, writes.change.orderId)
    else redis.call('HSET', grants, writes.change.orderId, writes.grant) end
    redis.call('XADD', log, change[1], unpack(change, 2))
  end
  for _, r in ipairs(writes.references) do redis.call('HSET', refs, r.hash, r.id) end
  for _, n in ipairs(writes.nonces) do redis.call('HSET', nonces, n.nonce, n.hash) end
  for _, t in ipairs(writes.targets) do
    local ids = redis.call('HGET', targets, t.hash)
    if not ids then redis.call('HSET', targets, t.hash, t.id)
    elseif not string.find(' ' .. ids .. ' ', ' ' .. t.id .. ' ', 1, true) then redis.call('HSET', targets, t.hash, ids .. ' ' .. t.id) end
  end
end`;

/**
 * One act, whole or not at all: every check stands before the first write.
 * KEYS: `writtenKeys`. ARGV: the plan as JSON, and the text of `Writes`.
 *
 * plan: audit {id, hash (of the head), entries [[id, field, value, …]]}, before [{kind, id, text}] of every document
 * that was looked at; where the act touches the taps log {id, hash, published, entry [id, field, value, …]}.
 *
 * Returns 'ok', or what was in the way: 'head', 'late', 'document', 'reference', 'nonce'.
 * 'late': the clock has passed the publication that was promised. So nothing is ever published before it is committed.
 */
export const COMMIT = defineScript('act', `
${APPLY}
${IS_HEAD}
local plan, writes = cjson.decode(ARGV[1]), cjson.decode(ARGV[2])
for _, d in ipairs(plan.before) do
  if (redis.call('HGET', documents[d.kind], d.id) or '') ~= d.text then return 'document' end
end
for _, r in ipairs(writes.references) do
  if redis.call('HEXISTS', refs, r.hash) == 1 then return 'reference' end
end
for _, n in ipairs(writes.nonces) do
  local known = redis.call('HGET', nonces, n.nonce)
  if known and known ~= n.hash then return 'nonce' end
end
if not isHead(audit, plan.audit) then return 'head' end
if plan.log then
  if not isHead(log, plan.log) then return 'head' end
  local t = redis.call('TIME')
  if t[1] * 1000 + t[2] / 1000 > plan.log.published then return 'late' end
end
local id
for _, entry in ipairs(plan.audit.entries) do
  redis.call('XADD', audit, entry[1], unpack(entry, 2))
  id = entry[1]
end
apply(id, ARGV[2], plan.log and plan.log.entry)
return 'ok'
`);

/**
 * A stretch of the logs made again. KEYS: `writtenKeys` of a registry that nobody reads yet. ARGV: for each entry its
 * fields as JSON, the text of `Writes` or '', and the fields of its change as JSON or ''.
 */
export const REPLAY = defineScript('act', `
${APPLY}
for i = 1, #ARGV, 3 do
  local entry = cjson.decode(ARGV[i])
  redis.call('XADD', audit, entry[1], unpack(entry, 2))
  if ARGV[i + 1] ~= '' then apply(entry[1], ARGV[i + 1], ARGV[i + 2] ~= '' and cjson.decode(ARGV[i + 2])) end
end
return 'ok'
`);

/** Puts what was made in its place, whole, unless something stands there. KEYS: made, place, made, place, … */
export const PUT_IN_PLACE = defineScript('act', `
for i = 2, #KEYS, 2 do
  if redis.call('EXISTS', KEYS[i]) == 1 then return 'occupied' end
end
for i = 1, #KEYS, 2 do
  if redis.call('EXISTS', KEYS[i]) == 1 then redis.call('RENAME', KEYS[i], KEYS[i + 1]) end
end
return 'ok'
`);

/**
 * What has changed since an epoch, in one atomic step. KEYS: log, grants. ARGV: epoch, then order ids to probe.
 * Returns seconds, microseconds, hash of the log's entry at that epoch or '', length of the log, number of grants,
 * entries after it, [order id, sealed grant or '', …] of the orders they name, SHA-1 of each probed grant or ''.
 */
export const CHANGES = defineScript('look', `
local log, grants = KEYS[1], KEYS[2]
local t = redis.call('TIME')
local since = ARGV[1] .. '-0'
local hash = ''
local at = redis.call('XRANGE', log, since, since)[1]
if at then
  for i = 1, #at[2], 2 do if at[2][i] == 'hash' then hash = at[2][i + 1] end end
end
local entries = redis.call('XRANGE', log, '(' .. since, '+')
local docs, seen = {}, {}
for _, entry in ipairs(entries) do
  for i = 1, #entry[2], 2 do
    local id = entry[2][i + 1]
    if entry[2][i] == 'orderId' and not seen[id] then
      seen[id] = true
      docs[#docs + 1] = id
      docs[#docs + 1] = redis.call('HGET', grants, id) or ''
    end
  end
end
local probes = {}
for i = 2, #ARGV do
  local text = redis.call('HGET', grants, ARGV[i])
  probes[#probes + 1] = text and redis.sha1hex(text) or ''
end
return {t[1], t[2], hash, redis.call('XLEN', log), redis.call('HLEN', grants), entries, docs, probes}
`);
