/** The text as a QR code: a PNG as data URL. Needs the package `qrcode`, which only this loads. */
export async function qrCode(text: string): Promise<string> {
  const { toDataURL } = await qrcode();
  return toDataURL(text);
}

async function qrcode(): Promise<Pick<typeof import('qrcode'), 'toDataURL'>> {
  try {
    return (await import('qrcode')).default;
  } catch (cause) {
    throw new Error('Enrolment of authenticators needs a package that is not there. Install it: npm install qrcode', {
      cause,
    });
  }
}
