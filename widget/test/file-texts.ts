// In place of src/app/ui/file-texts.ts: tests have English alone.

import english from "../src/files/locales/en.json";

export const loadTexts = async () => Object.values(english);
