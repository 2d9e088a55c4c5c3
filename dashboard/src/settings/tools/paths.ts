// The addresses of the tools' pages.

import { settingsPath } from "../../paths";

export const TOOLS = settingsPath("tools");
export const toolPath = (id: string): string => `${TOOLS}/${encodeURIComponent(id)}`;
