// Times in the language and region of this page.

import { locale } from "./language";
import { createTimeWords } from "./time";

export const words = createTimeWords(locale);
