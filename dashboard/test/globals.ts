// What the modules expect of a browser and Node 18 lacks. The build puts it before each test.

if (globalThis.navigator === undefined)
	Object.defineProperty(globalThis, "navigator", { value: { languages: ["en-GB"], platform: "" } });
