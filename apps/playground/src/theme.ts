import { createTheme, type MantineColorsTuple } from "@mantine/core";

/** Fired clay: the one warm colour; everything that can be pressed first. */
const clay: MantineColorsTuple = [
  "#fdf3ee",
  "#f8e2d8",
  "#f0c3af",
  "#e8a284",
  "#e08761",
  "#d6714a",
  "#c2552f",
  "#ad4526",
  "#8e3820",
  "#702c1a",
];
/** Sea green: yes. */
const sea: MantineColorsTuple = [
  "#e8f7f3",
  "#d2ece4",
  "#a6d9cb",
  "#76c5b0",
  "#4fb59a",
  "#37ab8c",
  "#1c8f72",
  "#0f7a60",
  "#08644e",
  "#034e3c",
];
/** Honey: perhaps. */
const honey: MantineColorsTuple = [
  "#fdf6e3",
  "#f8e9c2",
  "#f0d48a",
  "#e8be51",
  "#dfaa2b",
  "#c99316",
  "#a5760b",
  "#8a6206",
  "#6f4e04",
  "#543a02",
];
/** No, and gone for good. */
const red: MantineColorsTuple = [
  "#fdf0ee",
  "#fadcd8",
  "#f3b7af",
  "#ec9084",
  "#e56d5e",
  "#dd5243",
  "#cb3a2c",
  "#b3261e",
  "#931d17",
  "#741612",
];
/** Warm greys, lightest first. */
const gray: MantineColorsTuple = [
  "#faf8f5",
  "#f3f0eb",
  "#e9e4dc",
  "#dcd5ca",
  "#c3bbae",
  "#9e968a",
  "#6f685f",
  "#544e47",
  "#38342f",
  "#221f1c",
];
const dark: MantineColorsTuple = [
  "#ece7df",
  "#cfc8bd",
  "#a79f94",
  "#7a736a",
  "#4c4741",
  "#38342f",
  "#2a2723",
  "#1d1b18",
  "#161412",
  "#100f0d",
];

export const theme = createTheme({
  primaryColor: "clay",
  primaryShade: { light: 7, dark: 7 },
  colors: { clay, sea, honey, red, gray, dark },
  black: "#221f1c",
  fontFamily: '"Inter Variable", ui-sans-serif, system-ui, sans-serif',
  fontFamilyMonospace: 'ui-monospace, "SF Mono", "Cascadia Code", Menlo, Consolas, monospace',
  headings: {
    fontWeight: "640",
    sizes: {
      h1: { fontSize: "1.875rem", lineHeight: "1.2" },
      h2: { fontSize: "1.125rem", lineHeight: "1.35" },
      h3: { fontSize: "0.9375rem", lineHeight: "1.4" },
    },
  },
  defaultRadius: "md",
  radius: { xs: "4px", sm: "7px", md: "10px", lg: "16px", xl: "24px" },
  shadows: { sm: "0 1px 2px rgb(60 40 20 / 6%)", md: "0 8px 24px -8px rgb(60 40 20 / 18%)" },
  cursorType: "pointer",
  respectReducedMotion: true,
  components: {
    Paper: { defaultProps: { radius: "lg", withBorder: true, p: "lg" } },
    Modal: {
      defaultProps: {
        closeButtonProps: { "aria-label": "Close" },
        radius: "lg",
        centered: true,
        overlayProps: { backgroundOpacity: 0.45, blur: 3 },
      },
    },
    Skeleton: { defaultProps: { radius: "md" } },
  },
});
