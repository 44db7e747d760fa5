import { createContext } from "react";

/** Whether the server ended a session, so that the sign-in page can say why it is there. */
export const SessionEnded = createContext(false);
