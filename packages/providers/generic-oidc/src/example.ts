/** A logout token as section 2.4 shows one, signed with the key that all the world has. */
import type { WebhookVector } from '@plugboard/core';

const body = `
logout_token=eyJhbGciOiJSUzI1NiIsImtpZCI6ImVtdWxhdGVkIiwidHlwIjoibG9nb3V0K2p3dCJ9.eyJpc3MiOiJodHRwczovL2lkLm
V4YW1wbGUuY29tL3JlYWxtcy9tYWluIiwic3ViIjoiMjQ4Mjg5NzYxMDAxIiwiYXVkIjoicGx1Z2JvYXJkIiwiaWF0IjoxNzY3MjI1NjAwLC
JleHAiOjE3NjcyMjU3MjAsImp0aSI6ImJXSnEiLCJzaWQiOiIwOGE1MDE5YyIsImV2ZW50cyI6eyJodHRwOi8vc2NoZW1hcy5vcGVuaWQubm
V0L2V2ZW50L2JhY2tjaGFubmVsLWxvZ291dCI6e319fQ.jZpYEU_Tnx19b6-qSCFJjhaIkLXR5BCrxsukp--92EiimYFHchSc2tZpO8XffuC
l_zb-8xys7b-CA6md4jCMs-2VUEGMu3opNpqc6ijqXtYcvbLu1uQa1eIArgDsKHLOD7AUkf5yTPK81VBEtc2TNDIg5Js5bFJEcLNWCBkvusW
eyQIvxUmRYSeaebVYTdrDyiu_-ErO70lK21MdeJH1HUZqSQ-P-K0ZYx-BFygwZMavLMlrxVPnx5UpVEwvleh499h9f0OIso-myOMolT0sHMt
9vI0KfHEmYW3qhMETNRnE53PB9CQINWDPoLGo-6k45Rzj_oPzief00AVn8Li7Ag`;

export const exampleLogout: WebhookVector = {
  name: 'a user who logged out at the issuer',
  source: 'computed',
  secret: 'plugboard',
  headers: { 'content-type': 'application/x-www-form-urlencoded' },
  body: body.replaceAll('\n', ''),
  at: '2026-01-01T00:00:00.000Z',
  ok: true,
  events: ['logout'],
};
