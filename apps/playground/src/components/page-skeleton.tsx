import { Skeleton } from "@mantine/core";

export function PageSkeleton() {
  return (
    <div aria-busy="true" aria-label="Loading">
      <Skeleton height={34} width={180} mb={12} />
      <Skeleton height={18} width="min(420px, 80%)" mb={36} />
      <Skeleton height={280} radius="lg" />
    </div>
  );
}
