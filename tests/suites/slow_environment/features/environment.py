import os
import time

time.sleep(float(os.environ.get("SUITE_DELAY", "0.3")))
