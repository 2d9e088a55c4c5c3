// The addresses of the webhooks' pages.

import { settingsPath } from "../../paths";

export const WEBHOOKS = settingsPath("webhooks");
export const webhookPath = (id: string): string => `${WEBHOOKS}/${encodeURIComponent(id)}`;
