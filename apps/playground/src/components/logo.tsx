/** Our own mark: a theatre mask that is also a face. */
export function Logo({ size = 32 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 40 40" aria-hidden="true" style={{ flex: "none" }}>
      <rect width="40" height="40" rx="11" fill="#ad4526" />
      <path
        d="M20 7.5c-6.6 0-11 1.6-11 1.6v10.2C9 27 13.6 32 20 33.5c6.4-1.5 11-6.5 11-14.2V9.1S26.6 7.5 20 7.5Z"
        fill="#fdf3ec"
      />
      <path
        d="M13 17.5c1.6-1.8 4.2-1.8 5.4.5-1.5 1.2-4 1.2-5.4-.5ZM27 17.5c-1.6-1.8-4.2-1.8-5.4.5 1.5 1.2 4 1.2 5.4-.5ZM14.8 24.2c3 2.6 7.4 2.6 10.4 0-1 3.3-3 4.8-5.2 4.8s-4.2-1.5-5.2-4.8Z"
        fill="#ad4526"
      />
    </svg>
  );
}
