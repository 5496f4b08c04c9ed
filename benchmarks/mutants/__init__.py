"""Mutation testing: does a wrong line make a test fail?"""
