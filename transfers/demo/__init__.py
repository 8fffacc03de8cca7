"""The demonstration: two branches from the sample exports, one file carried all the way, others on every stop.

Everything goes through the same door as the pages; nothing is written behind it.
"""
