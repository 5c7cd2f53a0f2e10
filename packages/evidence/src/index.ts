export { CHECKPOINT_ACT, contentHash, COUNTERSIGN_ACT, type AuditContent, type AuditLink, type AuditRecord, type Change, type ChangeLink, type CopiedEntry, type LogPage } from './audit-log.ts';
export { canonicalJson, hashOf, sha256Hex, type JsonObject, type JsonValue } from './canonical.ts';
export { linkEntry, nextLink, verifyChain, CHAIN_PROBLEMS, type ChainEntry, type ChainProblem, type ChainVerdict } from './chain.ts';
export {
  checkpointHash,
  CheckpointSchema,
  CountersignatureSchema,
  CountersignedSchema,
  signCheckpoint,
  signCountersignature,
  verifyCheckpoint,
  verifyCountersignature,
  type Checkpoint,
  type Countersignature,
  type Countersigned,
} from './checkpoint.ts';
export { ConfirmationSchema, signConfirmation, verifyConfirmation, type Confirmation } from './confirmation.ts';
export { EvidenceError, EVIDENCE_ERROR_CODES, type EvidenceErrorCode } from './error.ts';
export {
  COMPILED_WINDOW_CAPS,
  GRANT_REFUSALS,
  RESTRICTING_ROLES,
  RESTRICTION_DOUBTS,
  statementsOf,
  verifyApproval,
  verifyGrant,
  verifyRestriction,
  type GrantOutcome,
  type GrantRefusal,
  type GrantTrust,
  type RestrictionDoubt,
  type Start,
} from './grants.ts';
export { obeyedGrant, verifyResumption, RESUMPTION_REFUSALS, type ObeyedGrant, type Resumption, type ResumptionRefusal } from './resumptions.ts';
export { HeadAcceptanceSchema, signHead, verifyHeadAcceptance, type AcceptedHead, type HeadAcceptance, type HeadStatement } from './head.ts';
export { jurisdictionRowHash } from './jurisdiction.ts';
export { generateKeyPair, keyIdOf, publicKeyOf, signBytes, verifyBytes, type KeyPair, type SigningKey } from './keys.ts';
export { LogWalk, type KnownPlace, type LogFault, type LogProblem, type LogReport, type LogVerdict, type LogWalkOptions } from './log-walk.ts';
export { SignedPaperSchema, signPaper, verifyPaper } from './paper-signature.ts';
export { EMPTY_MERKLE_ROOT, MerkleBuilder, merkleRoot } from './merkle.ts';
export { RosterSchema, SignedRosterSchema, isCompromised, lifeEndOf, personOfKey, requireSound, signRoster, verifyRoster, type Roster, type RosterTrust, type SignedRoster } from './roster.ts';
export { rosterChanges, rosterFindings } from './roster-change.ts';
export { recordHash } from './record-hash.ts';
export { SealChain, refusalTag, sealTag, verifyCoverage, verifySeal } from './seals.ts';
export { sentenceOf } from './sentence.ts';
export { ACT_LIFE_MS, APPROVAL_LIFE_MS, bodyHashOf, composeStatement, newNonce, signStatement, statementHashOf, verifyEnvelope, type Signer, type StatementKey } from './statements.ts';
export { wordsOf } from './words.ts';
export { VOID_REASONS, signVoid, verifyVoid, type RecordVoid, type VoidReason } from './voids.ts';
