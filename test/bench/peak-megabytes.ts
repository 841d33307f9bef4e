/** The peak resident memory of this process, in MB. */
export const peakMegabytes = (): number => (process.resourceUsage().maxRSS * 1024) / 1e6;
