/** The real service with the real models, as its own tests start it. */
export interface RealService {
  base: string;
  clientId: string;
  secretId: string;
  service: {
    fetch(request: Request): Promise<Response>;
    ready(): Promise<void>;
    accounts: { create(account: { name: string }): Promise<{ clientId: string; secretId: string }> };
  };
}

interface ServiceTests {
  start(options?: { engine: unknown; clock: unknown }): Promise<RealService>;
  realEngine(): { analyse(...args: unknown[]): Promise<unknown> };
  FakeClock: new () => { advance(ms: number): Promise<void> };
  photo(name: string): Promise<Buffer>;
}

// By address: a static import would type-check the service's sources under this package's settings, which have the DOM's types.
const address = new URL("../../service/test/fixture.ts", import.meta.url).href;
export const { start, photo, realEngine, FakeClock } = (await import(
  /* @vite-ignore */ address
)) as ServiceTests;
