import { prepareFactors } from './account-factors.js';
import { prepareIdentities } from './account-identities.js';
import { preparePasskeyList } from './account-passkeys.js';
import { onProofNeeded } from './api.js';
import { busyWhile, find } from './dom.js';
import { takeLink } from './mail-link.js';
import { loadPageSettings } from './page-settings.js';
import { prepareProof, prove } from './prove.js';
import { prepareProviders, showReturn, takeReturn } from './providers.js';
import { audienceOf, defineViews, ended, failed, notify, route } from './router.js';
import { forgetSession, loadSession, onSessionChange, session, signOut } from './session.js';
import { prepareSure } from './sure.js';
import { prepareAccount, showAccount } from './view-account.js';
import { forgetChecklist, prepareChecklist, showChecklist } from './view-checklist.js';
import { prepareCode, showCodeEntry } from './view-code.js';
import { forgetEnrolment, prepareEnrol } from './view-enrol.js';
import { prepareFactor, showFactor } from './view-factor.js';
import { prepareGate } from './view-gate.js';
import { prepareLinks, showLink, showVerifyEmail } from './view-links.js';
import { prepareMagicLink, showMagicLink } from './view-magic-link.js';
import { prepareNotes, showNotes } from './view-notes.js';
import { offerPasskeys, preparePasskeySignIn, stopOffering } from './view-passkey-sign-in.js';
import { preparePassword } from './view-password.js';
import { forgetRecoveryCodes, prepareRecoveryCodes, showRecoveryCodes } from './view-recovery-codes.js';
import { prepareRequests } from './view-requests.js';
import { prepareSent, showSent } from './view-sent.js';
import { prepareSessions, showSessions } from './view-sessions.js';
import { preparePasskeys } from './webauthn.js';
import { inWords } from './words.js';

takeLink();
takeReturn();

defineViews({
  'sign-in': { for: 'guest', mail: 'folded', show: offerPasskeys, leave: stopOffering },
  factor: { for: 'guest', show: showFactor },
  register: { for: 'guest' },
  confirm: { for: 'guest' },
  forgot: { for: 'guest' },
  link: { for: 'guest' },
  code: { for: 'guest' },
  'code-entry': { for: 'guest', mail: 'open', show: showCodeEntry },
  sent: { for: 'anybody', mail: 'open', show: showSent },
  'verify-email': { for: 'anybody', show: showVerifyEmail },
  'reset-password': { for: 'anybody', show: () => showLink('reset-password') },
  'change-email': { for: 'anybody', show: () => showLink('change-email') },
  'magic-link': { for: 'anybody', show: showMagicLink },
  unlock: { for: 'anybody', show: () => showLink('unlock') },
  notes: { for: 'member', show: showNotes },
  account: { for: 'member', mail: 'folded', show: showAccount },
  'change-password': { for: 'member' },
  'set-password': { for: 'member' },
  'change-address': { for: 'member' },
  'delete-account': { for: 'member' },
  enrol: { for: 'member', leave: forgetEnrolment },
  'recovery-codes': { for: 'member', show: showRecoveryCodes, leave: forgetRecoveryCodes },
  sessions: { for: 'member', show: showSessions },
  checklist: { for: 'anybody', show: showChecklist, leave: forgetChecklist },
});

function showWho() {
  const { user } = session;
  find('#who').hidden = !user;
  find('#who-email').textContent = user?.email ?? '';
  for (const input of document.querySelectorAll('[data-own-address]')) input.value = user?.email ?? '';
  for (const tab of document.querySelectorAll('#tabs a')) {
    const audience = audienceOf(tab.hash.slice(2));
    tab.hidden = audience === (user ? 'guest' : 'member');
  }
  // Nothing of one user stays in the page for the next.
  if (!user)
    for (const list of ['#notes', '#account', '#sessions', '#passkeys', '#identities']) find(list).replaceChildren();
}

async function start() {
  onSessionChange(showWho);
  onProofNeeded(prove);
  prepareGate();
  prepareRequests();
  prepareCode();
  prepareSent();
  prepareLinks();
  prepareMagicLink();
  prepareNotes();
  prepareAccount();
  preparePassword();
  prepareProof();
  prepareSessions();
  prepareFactor();
  prepareFactors();
  prepareEnrol();
  prepareRecoveryCodes();
  preparePasskeyList();
  preparePasskeySignIn();
  prepareIdentities();
  prepareSure();
  prepareChecklist();
  find('#sign-out').addEventListener('click', (event) => {
    void busyWhile(event.currentTarget, () =>
      signOut().then(
        () => ended(),
        (error) => failed(error) || notify(inWords(error)),
      ),
    );
  });
  // A notice is about what came before the next step.
  document.addEventListener('submit', () => notify(''), { capture: true });
  window.addEventListener('hashchange', () => route());
  try {
    await Promise.all([loadSession(), loadPageSettings()]);
  } catch (error) {
    forgetSession();
    route({ first: true });
    notify(inWords(error));
    return;
  } finally {
    find('#tabs').hidden = false;
    preparePasskeys();
    prepareProviders();
  }
  route({ first: true });
  showReturn();
}

void start();
