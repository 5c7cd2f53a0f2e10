import { defineScript } from './link.ts';

/**
 * What an act must know before it decides. KEYS: log, audit, and orders where there is an order id. ARGV: order id or ''.
 * Returns seconds, microseconds, log head id and hash and publication, audit head id and hash, sealed order or ''.
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
local logId, logHash, published = head(KEYS[1], 'published')
local auditId, auditHash, at = head(KEYS[2], 'at')
local order = ''
if ARGV[1] ~= '' then order = redis.call('HGET', KEYS[3], ARGV[1]) or '' end
return {t[1], t[2], logId, logHash, published, auditId, auditHash, at, order}
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

/**
 * One act, whole or not at all: every check stands before the first write.
 * KEYS: log, audit, orders, grants, targets, refs, nonces. ARGV: the plan as JSON.
 *
 * plan: audit {id, hash (of the head), entries [[id, field, value, …]]}, order {id, before, after}; where the act
 * touches the taps log {id, hash, published, entry [id, field, value, …]}, grant; targets [keyed hash], ref,
 * nonce {nonce, hash}.
 *
 * Returns 'ok', or what was in the way: 'head', 'late', 'order', 'reference', 'nonce'.
 * 'late': the clock has passed the publication that was promised. So nothing is ever published before it is committed.
 */
export const COMMIT = defineScript('act', `
local log, audit, orders, grants, targets, refs, nonces = KEYS[1], KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6], KEYS[7]
local plan = cjson.decode(ARGV[1])
${IS_HEAD}
local before = redis.call('HGET', orders, plan.order.id) or ''
if before ~= plan.order.before then return 'order' end
if plan.ref and redis.call('HEXISTS', refs, plan.ref) == 1 then return 'reference' end
if plan.nonce then
  local known = redis.call('HGET', nonces, plan.nonce.nonce)
  if known and known ~= plan.nonce.hash then return 'nonce' end
end
if not isHead(audit, plan.audit) then return 'head' end
if plan.log then
  if not isHead(log, plan.log) then return 'head' end
  local t = redis.call('TIME')
  if t[1] * 1000 + t[2] / 1000 > plan.log.published then return 'late' end
end
for _, entry in ipairs(plan.audit.entries) do
  redis.call('XADD', audit, entry[1], unpack(entry, 2))
end
redis.call('HSET', orders, plan.order.id, plan.order.after)
if plan.log then
  redis.call('HSET', grants, plan.order.id, plan.grant)
  redis.call('XADD', log, plan.log.entry[1], unpack(plan.log.entry, 2))
end
if plan.ref then redis.call('HSET', refs, plan.ref, plan.order.id) end
if plan.nonce then redis.call('HSET', nonces, plan.nonce.nonce, plan.nonce.hash) end
if plan.targets then
  for _, target in ipairs(plan.targets) do
    local ids = redis.call('HGET', targets, target)
    if not ids then redis.call('HSET', targets, target, plan.order.id)
    elseif not string.find(' ' .. ids .. ' ', ' ' .. plan.order.id .. ' ', 1, true) then redis.call('HSET', targets, target, ids .. ' ' .. plan.order.id) end
  end
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
