"""Re-scores every slot that a corrupted model touched, and proves it."""
