TEXT="{table_a}\n\n{table_b}\n\n{table_c}\n\n{outside} | {unjudged} | {cut_mean} {cut_sampling} {cut_noisy} | {cut_outside} | {replicate_low} {replicate_high} {inside} {judged}\n"
