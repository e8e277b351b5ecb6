/** The role that opens administration. There is always somebody who has it and can sign in, once there has been. */
export const ADMINISTRATOR = 'admin';
