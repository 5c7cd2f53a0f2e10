// Kills the process named by argv[2] when standard input closes, which happens when the process that started this one ends.
const pid = Number(process.argv[2]);
process.stdin.resume();
process.stdin.on('close', () => {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // It had ended before.
  }
});
