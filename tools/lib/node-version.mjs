/** Says plainly which Node.js is needed and ends the process when this one is too old. Mirrors `engines` of package.json. */
export function checkNodeVersion() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  const enough = (major === 20 && minor >= 19) || (major === 22 && minor >= 12) || major >= 24;
  if (enough) return;
  console.error(`Gatehouse needs Node.js 20.19 or later of 20, 22.12 or later of 22, or 24 and above.`);
  console.error(`This is ${process.version} (${process.execPath}).`);
  process.exit(1);
}
