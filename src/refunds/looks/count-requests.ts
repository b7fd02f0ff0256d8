import type { AccountAccess } from '../../providers/provider.ts';

/** The same access, and how many reads went through it: an adapter may need several for one answer. */
export function countRequests(access: AccountAccess): {
  readonly access: AccountAccess;
  requests(): number;
} {
  let requests = 0;
  const { http } = access;
  return {
    access: {
      ...access,
      http: {
        ...http,
        read(request, secretHeaders) {
          requests += 1;
          return http.read(request, secretHeaders);
        },
      },
    },
    requests: () => requests,
  };
}
