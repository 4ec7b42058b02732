"""Cue and reward: networks that find out by their own answers which cue pays."""
