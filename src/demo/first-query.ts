/** What GraphiQL shows first. */
export const firstQuery = `# Everything that this key may see. The README has a first refund to copy and paste.
query Start {
  viewer { merchant { code } scopes }
  accounts { nodes { code provider displayName health } }
  refunds(first: 10) { nodes { id status moneyMovement amount { value currency } } }
}
`;
