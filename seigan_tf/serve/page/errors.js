// What went wrong, for people.

/** The first line of what an error says. */
export const oneLine = (error) => String(error?.message ?? error).split("\n")[0];
