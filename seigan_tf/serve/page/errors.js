// Error messages for the page.

/** The first line of an error's message. */
export const oneLine = (error) => String(error?.message ?? error).split("\n")[0];
