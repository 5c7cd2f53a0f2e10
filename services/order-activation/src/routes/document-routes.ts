import { Readable } from 'node:stream';
import { ApiError, ApiErrorBodySchema, authenticate, permit, type HttpApp } from '@penreg/platform';
import type { Registry } from '@penreg/registry';
import type { PaperFiles } from '../papers/paper-files.ts';
import { z } from 'zod';
import { withRegistry } from '../registry-errors.ts';
import { DocumentAnswer, DocumentParams } from '../request-api.ts';
import type { Trail } from '../trail.ts';

export interface DocumentRoutesDeps {
  readonly papers: Registry['papers'];
  readonly files: PaperFiles;
  readonly trail: Trail;
}

const refusals = { '4xx': ApiErrorBodySchema, '5xx': ApiErrorBodySchema };
/** Each is held in memory while it is looked into. */
const UPLOADS_AT_ONCE = 4;

/** Papers: uploaded as they are, known by the SHA-256 of the original, served as attachments and never shown. */
export const addDocumentRoutes = (app: HttpApp, { papers, files, trail }: DocumentRoutesDeps): void => {
  app.addContentTypeParser('application/pdf', (_request, payload, done) => done(null, payload));
  let uploads = 0;

  app.post('/documents', { ...permit('document-upload'), schema: { summary: 'Upload a PDF (body: application/pdf)', response: { 201: DocumentAnswer, ...refusals } } }, async (request, reply) => {
    const who = authenticate(request);
    const { body } = request;
    if (!(body instanceof Readable)) throw new ApiError('unsupported-media-type', { field: 'content-type', rule: 'must be application/pdf' });
    if (uploads >= UPLOADS_AT_ONCE) throw new ApiError('too-many-requests', { field: 'body', rule: `at most ${UPLOADS_AT_ONCE} uploads at a time; try again` });
    uploads += 1;
    try {
      const stored = await files.store(body);
      const paper = await withRegistry(() => papers.add(stored, who.personId));
      if (paper.file !== stored.file) await files.remove(stored.file);
      const { sha256, size, flags, uploadedBy, uploadedAt } = paper;
      return await reply.code(201).send({ sha256, size, flags: [...flags], uploadedBy, uploadedAt });
    } finally {
      uploads -= 1;
    }
  });

  app.get('/documents/:sha256', { ...permit('document-read'), schema: { summary: 'A document, as an attachment', params: DocumentParams, response: { 200: z.unknown(), ...refusals } } }, async (request, reply) => {
    const { sha256 } = request.params;
    const paper = await withRegistry(() => papers.get(sha256));
    if (paper === null) throw new ApiError('not-found', { field: 'sha256', rule: 'no such document' });
    await trail.read(authenticate(request), 'document-read', undefined, { sha256 });
    // It may hold whatever its author likes: it is saved, never shown, and runs nowhere.
    return reply
      .header('content-disposition', `attachment; filename="${sha256}.pdf"`)
      .header('content-security-policy', "sandbox; default-src 'none'")
      .header('content-length', paper.size)
      .type('application/pdf')
      .send(Readable.from(files.read(paper.file), { objectMode: false }));
  });
};
