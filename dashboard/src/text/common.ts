// The texts that several parts use: the frame around the pages, buttons, errors.

import type en from "./common/en.json";
import { defineTexts } from "./texts";

export const t = defineTexts<typeof en>((language) => import(`./common/${language}.json`));
