/** Enough to find a server that another process started. */
export interface PostgresHandle {
    port: number;
    /** Data directory inside the system. */
    data: string;
}
export interface TestPostgres {
    /** Absent for a server that is not ours. */
    handle?: PostgresHandle;
    /** Of a superuser, to the database `postgres`. */
    url: string;
    /** As a crash would: every connection is cut, recovery runs. Absent for a server that is not ours. */
    restart?(): Promise<void>;
    /** Its files, to look into. Absent for a server that is not ours. */
    directory?: string;
    stop(): Promise<void>;
}
/** Why there can be no PostgreSQL here, in words for a skipped test; undefined when there can. */
export declare function postgresUnavailable(): string | undefined;
/** @param owner process that the server belongs to: what dead owners left is stopped and removed by the next start. */
export declare function startPostgres(owner?: number): Promise<TestPostgres>;
export declare function attachPostgres({ port, data }: PostgresHandle): TestPostgres;
