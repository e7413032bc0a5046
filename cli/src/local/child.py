"""Runs a module of the virtual environment, and ends it with the command that started it.

The command holds the other end of standard input. If it stops, crashes or is killed, that end closes, and this process sends
itself SIGTERM, on which the emulator saves its state.
"""
import os
import runpy
import signal
import sys
import threading

lifeline = os.dup(0)
os.dup2(os.open(os.devnull, os.O_RDONLY), 0)


def watch():
    while os.read(lifeline, 4096):
        pass
    os.kill(os.getpid(), signal.SIGTERM)


threading.Thread(target=watch, daemon=True).start()
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
