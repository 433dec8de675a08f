/** What the pages about people, keys and the own account say. */
export const peopleText = {
  peopleAndKeys: "People and keys",
  persons: "Persons",
  apiKeys: "API keys",
};
