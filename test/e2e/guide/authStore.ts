/** The team's own sign-in: here the token comes with the address. */
export const useAuthStore = () => ({ token: new URLSearchParams(location.search).get('token') });
