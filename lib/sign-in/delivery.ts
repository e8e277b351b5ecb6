/** How a completed sign-in is handed out. */
export type Delivery = 'cookie' | 'tokens';
