// A ClickHouse server out of the npm package chdb: its libchdb.so holds clickhouse-local, which opens listeners when told
// to. argv: clickhouse-local's arguments. The call returns when the query list has ended.
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

const require = createRequire(import.meta.url);
const fromChdb = createRequire(require.resolve('chdb'));
const { open, load, DataType: T } = require('ffi-rs');

const library = () => {
  const gnu = process.platform === 'linux' ? '-gnu' : '';
  const manifest = fromChdb.resolve(`@chdb/lib-${process.platform}-${process.arch}${gnu}/package.json`);
  return join(dirname(manifest), `libchdb.${process.platform === 'darwin' ? 'dylib' : 'so'}`);
};

open({ library: 'chdb', path: process.env.LIBCHDB ?? library() });
open({ library: 'c', path: process.platform === 'darwin' ? 'libSystem.dylib' : 'libc.so.6' });
const call = (lib, funcName, retType, paramsType, paramsValue) => load({ library: lib, funcName, retType, paramsType, paramsValue });

const PR_SET_PDEATHSIG = 1;
if (process.platform === 'linux') call('c', 'prctl', T.I32, [T.I32, T.I64], [PR_SET_PDEATHSIG, 9]);

const argv = ['clickhouse', ...process.argv.slice(2)];
const result = call('chdb', 'chdb_query_cmdline', T.External, [T.I32, T.StringArray], [argv.length, argv]);
const failed = call('chdb', 'chdb_result_error', T.I64, [T.External], [result]) !== 0;
if (failed) console.error(call('chdb', 'chdb_result_error', T.String, [T.External], [result]));
call('c', '_exit', T.Void, [T.I32], [failed ? 1 : 0]); // the C++ static destructors crash
