// Adds to package-lock.json the builds for other systems that npm left out of it. npm drops an optional dependency from
// the lock when the registry it asked does not hold it, and `npm ci` then refuses the lock everywhere. Run after every
// `npm install` that changed the lock. Entries made here have no integrity: a registry that holds them vouches for them.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const file = join(import.meta.dirname, '..', 'package-lock.json');
const lock = JSON.parse(readFileSync(file, 'utf8'));
const { '': root, ...packages } = lock.packages;

const SYSTEMS = { android: 'android', darwin: 'darwin', freebsd: 'freebsd', linux: 'linux', openharmony: 'openharmony', win32: 'win32', windows: 'win32' };
const PROCESSORS = { arm64: 'arm64', x64: 'x64', ia32: 'ia32', arm: 'arm', ppc64: 'ppc64', riscv64: 'riscv64', s390x: 's390x', 64: 'x64' };

/** `@scope/tool-linux-arm64-musl` names its system, processor and C library; null for a package that is not a build. */
const platformOf = (name) => {
  const words = name.split(/[-/]/);
  const os = SYSTEMS[words.find((word) => Object.hasOwn(SYSTEMS, word))];
  const cpu = PROCESSORS[words.find((word) => Object.hasOwn(PROCESSORS, word))];
  if (os === undefined || cpu === undefined) return null;
  const libc = /musl/.test(name) ? ['musl'] : os === 'linux' && /gnu/.test(name) ? ['glibc'] : undefined;
  return { os: [os], cpu: [cpu], ...(libc && { libc }) };
};

let added = 0;
for (const [path, { optionalDependencies = {}, dev, peer }] of Object.entries(packages)) {
  for (const [name, version] of Object.entries(optionalDependencies)) {
    const platform = platformOf(name);
    const key = `node_modules/${name}`;
    if (platform === null || packages[key] || packages[`${path}/${key}`] || !/^\d/.test(version)) continue;
    packages[key] = { version, ...(dev && { dev }), ...(peer && { peer }), optional: true, ...platform };
    added += 1;
  }
}
lock.packages = { '': root, ...Object.fromEntries(Object.entries(packages).sort(([a], [b]) => (a < b ? -1 : 1))) };
if (added > 0) writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
process.stdout.write(`${added} builds for other systems added to package-lock.json\n`);
