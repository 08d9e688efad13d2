// Moves the export to where the binary embeds it, with every inline script in a file of its own:
// pages then run under `script-src 'self'`, without 'unsafe-inline' and without a hash per build.
import { createHash } from 'node:crypto';
import { cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

const out = path.resolve(import.meta.dirname, '../out');
const dist = path.resolve(import.meta.dirname, '../../dist');
const INLINE = /<script(?![^>]*\ssrc=)[^>]*>([\s\S]*?)<\/script>/g;

/** The inline scripts of a page become one, run in their order before the document counts as loaded. */
async function externalize(page) {
  const html = await readFile(page, 'utf8');
  const scripts = [];
  const without = html.replace(INLINE, (_, code) => {
    scripts.push(code);
    return '';
  });
  if (scripts.length === 0) return;
  const code = `${scripts.join(';\n')}\n`;
  const name = `${createHash('sha256').update(code).digest('hex').slice(0, 16)}.js`;
  await mkdir(path.join(dist, '_next/static/page'), { recursive: true });
  await writeFile(path.join(dist, '_next/static/page', name), code);
  const tag = `<script src="/_next/static/page/${name}" defer=""></script>`;
  await writeFile(
    page,
    without.replace('</head>', () => `${tag}</head>`),
  );
}

for (const entry of await readdir(dist).catch(() => [])) {
  if (entry !== '.keep') await rm(path.join(dist, entry), { recursive: true });
}
await cp(out, dist, { recursive: true });
for (const entry of await readdir(dist, { recursive: true })) {
  const file = path.join(dist, entry);
  if (entry.endsWith('.html')) await externalize(file);
  // The router's payloads: every address here is a shell, and none of them is fetched.
  else if (entry.endsWith('.txt')) await rm(file);
}
