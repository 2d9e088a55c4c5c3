import { defineTexts } from "../text/texts";
import type en from "./texts/en.json";

export const t = defineTexts<typeof en>((language) => import(`./texts/${language}.json`));
